#include "lines.h"

#include <stdint.h>
#include <string.h>

#include "quoting.h"

static const uint64_t SPREADING = 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio: neighbours come to lie apart */
enum { KEPT_BITS = 10, KEPT = 1 << KEPT_BITS, PARTS = 3, VALUES = 4, ADDED = 512, DIGITS = 20, DIGITS_OF_TIME = 32 };

/* Texts that were made, by the objects that they were made of; while those are held no others have their addresses. */
struct kept {
    PyObject *of, *text;
};

/* Of a way, in bytes that it holds. */
struct way_texts {
    unsigned char values[VALUES]; /* numbers of header lines */
    struct span parts[PARTS];
};

static struct kept hops[KEPT], parties[KEPT];

#define TEXT(words) {words, sizeof words - 1}
static const struct span START = TEXT("{\"format\":1,\"sequence\":"), TIME_KEY = TEXT(",\"time\":"), MS_KEY = TEXT(",\"ms\":"),
                         REST = TEXT(",\"reason\":\"\"}],\"more_hops\":0,\"status\":"),
                         REASON_KEY = TEXT(",\"own\":false,\"reason\":"), END = TEXT(",\"diagnostics\":[]}\n");
static const struct span KEYS[VALUES] = {TEXT(",\"from\":"), TEXT(",\"to\":"), TEXT(",\"call_id\":"), TEXT(",\"cseq\":")};

static void drop(struct kept *kept)
{
    for (int i = 0; i < KEPT; i++) {
        Py_CLEAR(kept[i].of);
        Py_CLEAR(kept[i].text);
    }
}

void lines_forget(void)
{
    drop(hops);
    drop(parties);
}

/* What Python makes of an object; NULL with an exception. */
static PyObject *made_of(PyObject *object, PyObject *make)
{
    PyObject *made = PyObject_CallFunctionObjArgs(make, object, NULL);
    if (made && !PyBytes_Check(made)) {
        PyErr_SetString(PyExc_TypeError, "a text is bytes");
        Py_CLEAR(made);
    }
    return made;
}

/* 0 with an exception. */
static int read_text(struct span *text, struct kept *kept, PyObject *object, PyObject *make)
{
    kept += (uint64_t)(uintptr_t)object * SPREADING >> (64 - KEPT_BITS);
    if (kept->of != object) {
        PyObject *made = made_of(object, make);
        if (!made)
            return 0;
        Py_XDECREF(kept->of);
        Py_XDECREF(kept->text);
        *kept = (struct kept){new_reference(object), made};
    }
    *text = span_of(kept->text);
    return 1;
}

/* Of bytes that hold nothing else. */
static int part_way_texts(struct way_texts *texts, struct span whole)
{
    uint32_t lengths[PARTS];
    size_t at = sizeof texts->values + sizeof lengths;
    if (whole.length < at)
        return 0;
    memcpy(texts->values, whole.start, sizeof texts->values);
    memcpy(lengths, whole.start + sizeof texts->values, sizeof lengths);
    for (int i = 0; i < PARTS; at += lengths[i++]) {
        if (whole.length - at < lengths[i])
            return 0;
        texts->parts[i] = (struct span){whole.start + at, lengths[i]};
    }
    return at == whole.length;
}

/* 0 with an exception. */
static int read_way_texts(struct way_texts *texts, PyObject *record, PyObject *make)
{
    static PyObject *name;
    PyObject *way = PyList_GetItem(record, WAY);
    if (!way || (!name && !(name = PyUnicode_InternFromString("texts"))))
        return 0;
    PyObject *made = PyObject_GetAttr(way, name);
    if (made == Py_None) {
        Py_DECREF(made);
        made = made_of(record, make);
        if (made && PyObject_SetAttr(way, name, made))
            Py_CLEAR(made);
    }
    int is_read = made && PyBytes_Check(made) && part_way_texts(texts, span_of(made));
    if (!is_read && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "texts of a way are numbers, lengths and text");
    Py_XDECREF(made); /* the way holds it */
    return is_read;
}

/* The header lines with these numbers; 0 where one is not there, or a line is folded. */
static int find_lines(struct span head, const unsigned char *numbers, struct span *found)
{
    const char *at = head.start, *end = head.start + head.length, *starts[MOST_LINES + 2] = {at};
    size_t last = 0;
    for (int i = 0; i < VALUES; i++)
        last = numbers[i] > last ? numbers[i] : last;
    if (last > MOST_LINES)
        return 0;
    for (size_t i = 1; i <= last + 1; i++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        if (!feed || *at == ' ' || *at == '\t')
            return 0;
        starts[i] = at = feed + 1;
    }
    for (int i = 0; i < VALUES; i++)
        found[i] = (struct span){starts[numbers[i]], (size_t)(starts[numbers[i] + 1] - starts[numbers[i]])};
    return 1;
}

/* What a line has of the request's own between what others say, too. */
struct line {
    struct way_texts way;
    struct span party, hop, head, reason;
    unsigned long number, status;
    double time, took;
};

/* NULL where Python has to write them. */
static char *write_values(char *to, const struct line *line)
{
    struct span found[VALUES];
    if (!find_lines(line->head, line->way.values, found))
        return NULL;
    for (int i = 0; i < VALUES && to; i++) {
        to = write_span(to, KEYS[i]);
        to = write_quoted(to, line->way.values[i] ? value_of(found[i]) : (struct span){"", 0});
    }
    return to;
}

static int is_usual(const struct line *line)
{
    return line->took >= 0 && line->took < 1e9 && is_usual_time(line->time);
}

/* What was written last of a time: all of a read have come at the same. */
static char *write_moment(char *to, double time)
{
    static double last = -1;
    static char text[DIGITS_OF_TIME];
    static size_t length;
    if (time != last) {
        length = (size_t)(write_time(text, time, 1000000, 6) - text);
        last = time;
    }
    return write_span(to, (struct span){text, length});
}

/* NULL where Python has to write it. */
static char *write_line(char *to, const struct line *line)
{
    to = write_number(write_span(to, START), line->number);
    to = write_moment(write_span(to, TIME_KEY), line->time);
    to = write_time(write_span(to, MS_KEY), line->took, 1000, 3);
    to = write_span(to, line->way.parts[0]);
    to = write_span(to, line->party);
    to = write_values(write_span(to, line->way.parts[1]), line);
    if (!to)
        return NULL;
    to = write_span(to, line->way.parts[2]);
    to = write_number(write_span(to, line->hop), line->status);
    to = write_number(write_span(to, REST), line->status);
    to = write_quoted(write_span(to, REASON_KEY), line->reason);
    return to ? write_span(to, END) : NULL;
}

/* 0 with an exception. */
static int read_record(struct line *line, PyObject *record, const struct texts *texts)
{
    PyObject *reason = PyList_GetItem(record, REASON), *tried = PyList_GetItem(record, HOPS), *head = PyList_GetItem(record, HEAD);
    PyObject *hop = tried ? PyTuple_GetItem(tried, 0) : NULL, *opened = PyList_GetItem(record, OPENED);
    if (!hop || !opened || !head || !reason || !PyBytes_Check(head) || !PyBytes_Check(reason)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a record has its header section and its reason phrase as bytes");
        return 0;
    }
    if (!read_text(&line->hop, hops, hop, texts->hop) || !read_text(&line->party, parties, opened, texts->party) ||
        !read_way_texts(&line->way, record, texts->way))
        return 0;
    line->head = span_of(head), line->reason = span_of(reason);
    line->status = PyLong_AsUnsignedLong(PyList_GetItem(record, STATUS));
    line->time = PyFloat_AsDouble(PyList_GetItem(record, TIME));
    line->took = PyFloat_AsDouble(PyList_GetItem(record, ENDED)) - PyFloat_AsDouble(PyList_GetItem(record, BEGUN));
    return !PyErr_Occurred();
}

static size_t longest(const struct line *line)
{
    size_t others = line->party.length + line->hop.length + ADDED;
    for (int i = 0; i < PARTS; i++)
        others += line->way.parts[i].length;
    return others + 2 * (line->head.length + line->reason.length);
}

static char *place_in(const struct page *page)
{
    return PyByteArray_AsString(page->space) + page->used;
}

static size_t room_in(const struct page *page)
{
    return (size_t)PyByteArray_Size(page->space) - page->used;
}

/* As ``put_record``. */
static int put_whole(struct page *page, PyObject *record, unsigned long number, const struct texts *texts)
{
    PyObject *counted = PyLong_FromUnsignedLong(number);
    PyObject *line = counted ? PyObject_CallFunctionObjArgs(texts->whole, record, counted, NULL) : NULL;
    Py_XDECREF(counted);
    if (line && !PyBytes_Check(line))
        PyErr_SetString(PyExc_TypeError, "a line is bytes");
    int done = line && PyBytes_Check(line) ? 1 : -1;
    struct span text = done > 0 ? span_of(line) : (struct span){NULL, 0};
    if (done > 0 && text.length <= room_in(page))
        page->used = (size_t)(write_span(place_in(page), text) - PyByteArray_AsString(page->space));
    else if (done > 0)
        done = 0;
    Py_XDECREF(line);
    return done;
}

/* 1; 0 where there is no room; -1 with an exception. */
static int put_record(struct page *page, PyObject *record, unsigned long number, const struct texts *texts)
{
    struct line line = {.number = number};
    if (!PyList_Check(record) || !read_record(&line, record, texts))
        return PyErr_Occurred() ? -1 : (PyErr_SetString(PyExc_TypeError, "a record is a list"), -1);
    if (longest(&line) > room_in(page))
        return 0;
    char *end = is_usual(&line) ? write_line(place_in(page), &line) : NULL;
    if (!end)
        return put_whole(page, record, number, texts);
    page->used = (size_t)(end - PyByteArray_AsString(page->space));
    return 1;
}

Py_ssize_t lines_put(struct page *page, PyObject *records, Py_ssize_t done, unsigned long number, const struct texts *texts)
{
    int put = 1;
    for (Py_ssize_t count = PyList_Size(records); put > 0 && done < count; done += put > 0, number++)
        put = put_record(page, PyList_GetItem(records, done), number, texts);
    return put < 0 ? -1 : done;
}

/* What stands in front of a number; NULL where it is none of a line. */
static const char *read_number(struct span line, unsigned long long *number)
{
    size_t at = START.length;
    if (line.length <= at || memcmp(line.start, START.start, at))
        return NULL;
    for (*number = 0; at < line.length && at < START.length + DIGITS && line.start[at] >= '0' && line.start[at] <= '9'; at++)
        *number = 10 * *number + (unsigned long long)(line.start[at] - '0');
    return line.start + at;
}

int lines_renumber(struct page *page, struct span lines, long long higher)
{
    char *to = place_in(page), *end = to + room_in(page);
    const char *at = lines.start, *last = lines.start + lines.length, *feed;
    for (; at < last; at = feed + 1) {
        unsigned long long number;
        feed = memchr(at, '\n', (size_t)(last - at));
        const char *rest = feed ? read_number((struct span){at, (size_t)(feed - at)}, &number) : NULL;
        if (!rest || (size_t)(end - to) < (size_t)(feed + 1 - at) + DIGITS)
            return 0;
        to = write_number(write_span(to, START), number + (unsigned long long)higher);
        to = write_span(to, (struct span){rest, (size_t)(feed + 1 - rest)});
    }
    page->used = (size_t)(to - PyByteArray_AsString(page->space));
    return 1;
}
