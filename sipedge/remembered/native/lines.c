#include "lines.h"

#include <string.h>

enum { KEPT = 1024, DIGITS = 20, ADDED = 512, SPACE = 1 << 17 };

/* Texts that were made, by the objects that they were made of; while those are held no others have their addresses. */
struct kept {
    PyObject *of, *text;
};

static struct kept hops[KEPT], parties[KEPT];

static const char START[] = "{\"format\":1,\"sequence\":", REST[] = ",\"reason\":\"\"}],\"more_hops\":0,\"status\":";

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

/* Borrowed; NULL with an exception. */
static PyObject *text_of(struct kept *kept, PyObject *object, PyObject *make)
{
    size_t mixed = (size_t)object / 16;
    kept += (mixed ^ mixed / KEPT) % KEPT;
    if (kept->of == object)
        return kept->text;
    PyObject *made = PyObject_CallFunctionObjArgs(make, object, NULL);
    if (made && !PyBytes_Check(made)) {
        PyErr_SetString(PyExc_TypeError, "a text is bytes");
        Py_CLEAR(made);
    }
    if (!made)
        return NULL;
    Py_XDECREF(kept->of);
    Py_XDECREF(kept->text);
    kept->of = new_reference(object);
    kept->text = made;
    return made;
}

/* A reference to a tuple of bytes, of which the way has another one; NULL with an exception. */
static PyObject *texts_of_way(PyObject *record, struct span *parts, const struct texts *texts)
{
    static PyObject *name;
    PyObject *way = PyList_GetItem(record, WAY), *bytes[3];
    if (!name && !(name = PyUnicode_InternFromString("texts")))
        return NULL;
    PyObject *made = PyObject_GetAttr(way, name);
    if (made == Py_None) {
        Py_DECREF(made);
        made = PyObject_CallFunctionObjArgs(texts->way, record, NULL);
        if (made && PyObject_SetAttr(way, name, made))
            Py_CLEAR(made);
    }
    if (made && !PyTuple_Check(made))
        PyErr_SetString(PyExc_TypeError, "texts are a tuple");
    if (!made || PyErr_Occurred() || !PyArg_ParseTuple(made, "SSS", &bytes[0], &bytes[1], &bytes[2])) {
        Py_XDECREF(made);
        return NULL;
    }
    for (int i = 0; i < 3; i++)
        parts[i] = span_of(bytes[i]);
    return made;
}

static int has_room(struct text *text, size_t more)
{
    if (text->size - text->length >= more)
        return 1;
    size_t size = 2 * text->size + more;
    char *grown = PyMem_Realloc(text->start, size);
    if (!grown)
        return PyErr_NoMemory() != NULL;
    text->start = grown;
    text->size = size;
    return 1;
}

/* The following write into text that has room. */
static void put_number(struct text *text, unsigned long long number, int digits)
{
    char space[DIGITS];
    int at = DIGITS;
    for (; at > 0 && (number || DIGITS - at < digits); number /= 10)
        space[--at] = (char)('0' + number % 10);
    put(text, space + at, (size_t)(DIGITS - at));
}

/* Microseconds, with a point in front of the last ``digits``. */
static void put_time(struct text *text, double seconds, unsigned long long unit, int digits)
{
    unsigned long long whole = (unsigned long long)(seconds * 1e6 + 0.5);
    put_number(text, whole / unit, 1);
    put(text, ".", 1);
    put_number(text, whole % unit, digits);
}

/* 0 for what Python has to write: control characters, and all that is not ASCII. */
static int put_quoted(struct text *text, struct span value)
{
    char *to = text->start + text->length;
    *to++ = '"';
    for (size_t i = 0; i < value.length; i++) {
        char c = value.start[i];
        if (c < ' ' || c > '~')
            return 0;
        if (c == '"' || c == '\\')
            *to++ = '\\';
        *to++ = c;
    }
    *to++ = '"';
    text->length = (size_t)(to - text->start);
    return 1;
}

static int put_value(struct text *text, const char *key, const struct head *head, size_t line)
{
    struct span value = line ? value_of(head->lines[line]) : (struct span){"", 0};
    put(text, key, strlen(key));
    return put_quoted(text, value);
}

static int put_values(struct text *text, PyObject *head)
{
    struct head read;
    const struct shape *shape = head_read(&read, span_of(head), 0, &limits) ? shape_find(&read) : NULL;
    return shape && put_value(text, ",\"from\":", &read, shape->from) && put_value(text, ",\"to\":", &read, shape->to) &&
           put_value(text, ",\"call_id\":", &read, shape->call_id) && put_value(text, ",\"cseq\":", &read, shape->cseq);
}

static double item_double(PyObject *record, int item)
{
    return PyFloat_AsDouble(PyList_GetItem(record, item));
}

/* What a line has of the request's own between what others say, too. */
struct line {
    struct span way[3], party, hop, reason;
    PyObject *head;
    unsigned long number, status;
    double time, took;
};

static int is_usual(const struct line *line)
{
    return line->took >= 0 && line->took < 1e9 && line->time >= 0 && line->time < 1e12;
}

/* 0 where Python has to write it, perhaps with an exception. */
static int put_line(struct text *text, const struct line *line)
{
    put(text, START, sizeof START - 1);
    put_number(text, line->number, 1);
    put(text, ",\"time\":", 8);
    put_time(text, line->time, 1000000, 6);
    put(text, ",\"ms\":", 6);
    put_time(text, line->took, 1000, 3);
    put_span(text, line->way[0]);
    put_span(text, line->party);
    put_span(text, line->way[1]);
    if (!put_values(text, line->head))
        return 0;
    put_span(text, line->way[2]);
    put_span(text, line->hop);
    put_number(text, line->status, 1);
    put(text, REST, sizeof REST - 1);
    put_number(text, line->status, 1);
    put(text, ",\"own\":false,\"reason\":", 22);
    if (!put_quoted(text, line->reason))
        return 0;
    put(text, ",\"diagnostics\":[]}\n", 19);
    return 1;
}

/* All but what the way says. 0 with an exception. */
static int read_record(struct line *line, PyObject *record, const struct texts *texts)
{
    PyObject *reason = PyList_GetItem(record, REASON), *tried = PyList_GetItem(record, HOPS);
    PyObject *hop = tried ? PyTuple_GetItem(tried, 0) : NULL;
    PyObject *hop_text = hop ? text_of(hops, hop, texts->hop) : NULL;
    PyObject *party = hop_text ? text_of(parties, PyList_GetItem(record, OPENED), texts->party) : NULL;
    line->head = PyList_GetItem(record, HEAD);
    if (!party || !PyBytes_Check(line->head) || !PyBytes_Check(reason)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a record has its header section and its reason phrase as bytes");
        return 0;
    }
    line->hop = span_of(hop_text), line->party = span_of(party), line->reason = span_of(reason);
    line->status = PyLong_AsUnsignedLong(PyList_GetItem(record, STATUS));
    line->took = item_double(record, ENDED) - item_double(record, BEGUN);
    line->time = item_double(record, TIME);
    return !PyErr_Occurred();
}

static size_t longest(const struct line *line)
{
    return 2 * ((size_t)PyBytes_Size(line->head) + line->reason.length) + line->way[0].length + line->way[1].length +
           line->way[2].length + line->party.length + line->hop.length + ADDED;
}

/* 1; 0 where Python has to write it; -1 with an exception. */
static int put_record(struct text *text, PyObject *record, unsigned long number, const struct texts *texts)
{
    struct line line = {.number = number};
    PyObject *held = read_record(&line, record, texts) ? texts_of_way(record, line.way, texts) : NULL;
    if (!held)
        return -1;
    int done = has_room(text, longest(&line)) ? is_usual(&line) && put_line(text, &line) : -1;
    Py_DECREF(held);
    return PyErr_Occurred() ? -1 : done;
}

/* As ``put_record``, but for 0. */
static int put_whole(struct text *text, PyObject *record, unsigned long number, const struct texts *texts)
{
    PyObject *counted = PyLong_FromUnsignedLong(number);
    PyObject *line = counted ? PyObject_CallFunctionObjArgs(texts->whole, record, counted, NULL) : NULL;
    Py_XDECREF(counted);
    if (line && !PyBytes_Check(line))
        PyErr_SetString(PyExc_TypeError, "a line is bytes");
    int done = line && PyBytes_Check(line) && has_room(text, (size_t)PyBytes_Size(line)) ? 1 : -1;
    if (done > 0)
        put_span(text, span_of(line));
    Py_XDECREF(line);
    return done;
}

PyObject *lines_of(PyObject *records, unsigned long first, const struct texts *texts)
{
    static struct text text; /* stays allocated: what one read brings is bounded */
    text.length = 0;
    int done = has_room(&text, SPACE) ? 1 : -1;
    for (Py_ssize_t i = 0; done > 0 && i < PyList_Size(records); i++) {
        PyObject *record = PyList_GetItem(records, i);
        size_t before = text.length;
        done = put_record(&text, record, first + (unsigned long)i, texts);
        if (!done) {
            text.length = before;
            done = put_whole(&text, record, first + (unsigned long)i, texts);
        }
    }
    PyObject *made = done > 0 ? bytes_of((struct span){text.start, text.length}) : NULL;
    return made;
}
