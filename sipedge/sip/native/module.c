/* The Python side of head.h: whole messages in the usual form out of a buffer, as framing.py and message.py make them. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "head.h"

/* Set by begin: the class of messages, and the indexes that message.py remembers, by the names of their lines. */
static PyObject *message_type, *shared;

/* Interned once: attributes of a message, headers in an index. */
#define NAMES(X) \
    X(head) X(body) X(lines) X(method) X(uri) X(status) X(reason) X(index) \
    X(content_length) X(call_id) X(cseq) X(to_tag) X(plain_via_host)
#define HEADERS(X) X(content_length, "content-length") X(call_id, "call-id") X(cseq, "cseq") X(to, "to") X(via, "via")
#define DECLARE(name) static PyObject *a_##name;
NAMES(DECLARE)
#define DECLARE_HEADER(name, text) static PyObject *h_##name;
HEADERS(DECLARE_HEADER)

static int intern(void)
{
#define INTERN(name) && (a_##name = PyUnicode_InternFromString(#name))
#define INTERN_HEADER(name, text) && (h_##name = PyUnicode_InternFromString(text))
    return 1 NAMES(INTERN) HEADERS(INTERN_HEADER);
}

static PyObject *bytes(struct span text)
{
    return PyBytes_FromStringAndSize(text.start, (Py_ssize_t)text.length);
}

static PyObject *decoded(struct span text, const char *errors)
{
    return PyUnicode_DecodeUTF8(text.start, (Py_ssize_t)text.length, errors);
}

/* Takes over the value, which may be NULL with an exception. */
static int set(PyObject *message, PyObject *name, PyObject *value)
{
    int done = value && PyObject_SetAttr(message, name, value) == 0;
    Py_XDECREF(value);
    return done;
}

/* The first line of a header; how many it has. */
static Py_ssize_t line_of(PyObject *index, PyObject *header, const struct head *head, struct span *line)
{
    PyObject *numbers = PyDict_GetItemWithError(index, header);
    Py_ssize_t count = numbers ? PyTuple_Size(numbers) : 0;
    size_t number = count > 0 ? PyLong_AsSize_t(PyTuple_GetItem(numbers, 0)) : head->count;
    if (number >= head->count)
        return 0;
    *line = head->lines[number];
    return count;
}

static PyObject *lines(const struct head *head)
{
    PyObject *list = PyList_New((Py_ssize_t)head->count);
    for (size_t i = 0; list && i < head->count; i++) {
        PyObject *line = bytes(head->lines[i]);
        if (!line || PyList_SetItem(list, (Py_ssize_t)i, line)) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

static int set_start_line(PyObject *message, const struct head *head)
{
    return set(message, a_method, decoded(head->method, NULL)) &&
           set(message, a_uri, decoded(head->uri, "surrogateescape")) &&
           set(message, a_status, PyLong_FromLong(head->status)) &&
           set(message, a_reason, decoded(head->reason, "replace"));
}

enum { LONGEST_HOST = 255 };

/* Of at most that many bytes. */
static PyObject *lower(struct span host)
{
    char text[LONGEST_HOST];
    for (size_t i = 0; i < host.length; i++)
        text[i] = (char)(host.start[i] >= 'A' && host.start[i] <= 'Z' ? host.start[i] + 'a' - 'A' : host.start[i]);
    return PyUnicode_FromStringAndSize(text, (Py_ssize_t)host.length);
}

/* What every request is asked for. A value in another form stays unset: it is read when somebody asks. */
static int set_values(PyObject *message, PyObject *index, const struct head *head)
{
    long number;
    struct span line, found;
    if (line_of(index, h_call_id, head, &line) && !set(message, a_call_id, decoded(value_of(line), "surrogateescape")))
        return 0;
    if (line_of(index, h_cseq, head, &line) && cseq_of(value_of(line), &number, &found) &&
        !set(message, a_cseq, Py_BuildValue("lN", number, decoded(found, "surrogateescape"))))
        return 0;
    if (line_of(index, h_to, head, &line) && tag_of(value_of(line), &found) &&
        !set(message, a_to_tag, found.start ? decoded(found, NULL) : (Py_INCREF(Py_None), Py_None)))
        return 0;
    if (line_of(index, h_via, head, &line) && plain_via_host_of(line, &found) && found.length <= LONGEST_HOST &&
        !set(message, a_plain_via_host, lower(found)))
        return 0;
    return 1;
}

static PyObject *build(struct span whole, size_t length, PyObject *index, const struct head *head)
{
    struct span section = {whole.start, head->length}, body = {whole.start + head->length, length};
    PyObject *message = PyType_GenericNew((PyTypeObject *)message_type, NULL, NULL);
    if (message && set(message, a_head, bytes(section)) && set(message, a_body, bytes(body)) &&
        set(message, a_lines, lines(head)) && set_start_line(message, head) &&
        set(message, a_index, (Py_INCREF(index), index)) &&
        set(message, a_content_length, PyLong_FromSize_t(length)) &&
        (head->status || set_values(message, index, head)))
        return message;
    Py_XDECREF(message);
    return NULL;
}

/* A reference to the index of messages with these names; NULL, perhaps with an exception, where none is remembered. */
static PyObject *index_of(const struct head *head)
{
    PyObject *names = PyBytes_FromStringAndSize(head->names, (Py_ssize_t)head->names_length);
    PyObject *index = names ? PyDict_GetItemWithError(shared, names) : NULL;
    Py_XINCREF(index);
    Py_XDECREF(names);
    return index;
}

static int sizes(PyObject *const *args, Py_ssize_t count, size_t *values)
{
    for (Py_ssize_t i = 0; i < count; i++)
        values[i] = PyLong_AsSize_t(args[i]);
    return !PyErr_Occurred();
}

/* NULL, perhaps with an exception, where its end has not come, or is for Python to judge. */
static PyObject *whole_message(struct span whole, const struct limits *limits, PyObject *index, const struct head *head)
{
    size_t length, stated;
    struct span line;
    if (line_of(index, h_content_length, head, &line) != 1 || !content_length_of(value_of(line), &stated))
        return NULL;
    length = head->length + stated;
    return length <= limits->message && length <= whole.length ? build(whole, stated, index, head) : NULL;
}

/* (buffer, start, searched, end, header_section, headers, header_line, message): the message that begins at start, None
 * where it is not whole or not usual. */
static PyObject *read_message(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    size_t values[7];
    struct head head;
    if (count != 8 || !PyByteArray_Check(args[0]))
        return PyErr_Format(PyExc_TypeError, "read takes a bytearray and seven sizes");
    if (!sizes(args + 1, 7, values))
        return NULL;
    size_t start = values[0], searched = values[1], end = values[2];
    if (start > searched || searched > end || end > (size_t)PyByteArray_Size(args[0]))
        return PyErr_Format(PyExc_ValueError, "read asks for bytes outside of the buffer");
    struct limits limits = {values[3], values[4], values[5], values[6]};
    struct span whole = {PyByteArray_AsString(args[0]) + start, end - start};
    PyObject *index = head_read(&head, whole, searched - start, &limits) ? index_of(&head) : NULL;
    PyObject *message = index ? whole_message(whole, &limits, index, &head) : NULL;
    Py_XDECREF(index);
    return message || PyErr_Occurred() ? message : (Py_INCREF(Py_None), Py_None);
}

static PyObject *begin(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 2 || !PyType_Check(args[0]) || !PyDict_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "begin takes the class of messages and a dict of indexes");
    if (!intern())
        return NULL;
    Py_INCREF(args[0]);
    Py_INCREF(args[1]);
    Py_XDECREF(message_type);
    Py_XDECREF(shared);
    message_type = args[0];
    shared = args[1];
    Py_RETURN_NONE;
}

#define FAST(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL
static PyMethodDef METHODS[] = {
    {"begin", FAST(begin)},
    {"read", FAST(read_message)},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_heads", "Whole messages out of a buffer.", -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__heads(void)
{
    PyObject *module = PyModule_Create(&MODULE);
    if (module && PyModule_AddStringConstant(module, "SOURCES", SIPEDGE_SOURCES)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
