#include "pieces.h"

#include "quoting.h"

enum { LONGEST_NUMBER = 32 };

#define TEXT(words) ((struct span){words, sizeof words - 1})

/* Where the next piece is put, and the end of what there is. */
struct place {
    char *at, *end;
};

enum outcome { FAILED = -1, FULL, PUT, UNUSUAL };

static int has_room(const struct place *place, size_t length)
{
    return (size_t)(place->end - place->at) >= length;
}

static enum outcome put_text(struct place *place, PyObject *text)
{
    Py_ssize_t length;
    const char *start = PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, &length) : NULL;
    if (!start) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "text and values take turns");
        return FAILED;
    }
    if (!has_room(place, (size_t)length))
        return FULL;
    place->at = write_span(place->at, (struct span){start, (size_t)length});
    return PUT;
}

static enum outcome put_quoted(struct place *place, struct span value)
{
    if (!has_room(place, 2 * value.length + 2))
        return FULL;
    char *at = write_quoted(place->at, value);
    if (!at)
        return UNUSUAL;
    place->at = at;
    return PUT;
}

static enum outcome put_string(struct place *place, PyObject *value)
{
    Py_ssize_t length;
    const char *start = PyUnicode_AsUTF8AndSize(value, &length);
    if (start)
        return put_quoted(place, (struct span){start, (size_t)length});
    PyErr_Clear(); /* bytes that were no text */
    return UNUSUAL;
}

static enum outcome put_number(struct place *place, PyObject *value)
{
    unsigned long long number = PyLong_AsUnsignedLongLong(value);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        return UNUSUAL;
    }
    place->at = write_number(place->at, number);
    return PUT;
}

static enum outcome put_seconds(struct place *place, PyObject *value)
{
    double seconds = PyFloat_AsDouble(value);
    if (!is_usual_time(seconds))
        return UNUSUAL;
    place->at = write_time(place->at, seconds, 1000000, 6);
    return PUT;
}

/* A string; bytes, of which the value of a header line is meant; a whole number; seconds; yes, no, nothing. */
static enum outcome put_usual(struct place *place, PyObject *value)
{
    if (PyUnicode_Check(value))
        return put_string(place, value);
    if (PyBytes_Check(value)) {
        struct span line = span_of(value);
        return is_folded(line) ? UNUSUAL : put_quoted(place, value_of(line));
    }
    if (!has_room(place, LONGEST_NUMBER))
        return FULL;
    if (value == Py_None)
        place->at = write_span(place->at, TEXT("null"));
    else if (value == Py_True)
        place->at = write_span(place->at, TEXT("true"));
    else if (value == Py_False)
        place->at = write_span(place->at, TEXT("false"));
    else
        return PyLong_Check(value) ? put_number(place, value) : PyFloat_Check(value) ? put_seconds(place, value) : UNUSUAL;
    return PUT;
}

static enum outcome put_value(struct place *place, PyObject *value, PyObject *json)
{
    enum outcome done = put_usual(place, value);
    if (done != UNUSUAL)
        return done;
    PyObject *text = PyObject_CallFunctionObjArgs(json, value, NULL);
    done = text ? put_text(place, text) : FAILED;
    Py_XDECREF(text);
    return done;
}

int pieces_put(struct page *page, PyObject *pieces, PyObject *json)
{
    char *start = PyByteArray_AsString(page->space);
    struct place place = {start + page->used, start + PyByteArray_Size(page->space)};
    enum outcome done = PUT;
    for (Py_ssize_t i = 0; done == PUT && i < PyList_Size(pieces); i++) {
        PyObject *piece = PyList_GetItem(pieces, i);
        done = i % 2 ? put_value(&place, piece, json) : put_text(&place, piece);
    }
    if (done == PUT)
        page->used = (size_t)(place.at - start);
    return (int)done;
}
