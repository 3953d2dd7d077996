#define _GNU_SOURCE /* memmem */

#include "border.h"

#include <string.h>
#include <strings.h>

enum { LONGEST_SEEN = 8192 };

static const char DESCRIPTION[] = "application/sdp";

static int is_true(PyObject *object, const char *name)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    int truth = value ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    return truth;
}

int gate_begin(struct gate *gate, PyObject *object)
{
    memset(gate, 0, sizeof *gate);
    if (object == Py_None)
        return 1;
    gate->hides = is_true(object, "hides");
    gate->covers = gate->hides < 0 ? -1 : is_true(object, "covers");
    gate->request = gate->covers < 0 ? NULL : PyObject_GetAttrString(object, "request");
    gate->response = gate->request ? PyObject_GetAttrString(object, "response") : NULL;
    return gate->response != NULL;
}

void gate_end(struct gate *gate)
{
    Py_CLEAR(gate->request);
    Py_CLEAR(gate->response);
}

/* leaks.may_name_hosts: a dot or two colons are in every name and address that is looked for. */
static int may_name_hosts(struct span line)
{
    return memchr(line.start, '.', line.length) || memmem(line.start, line.length, "::", 2);
}

static int is_searched(const struct head *head, const struct shape *shape, size_t i)
{
    return i < shape->contacts || may_name_hosts(head->lines[shape->searched.at[i]]);
}

/* A Contact that names no host as others do is the core's: whether it is searched depends on the other lines. */
static int put_searched(struct text *seen, const struct head *head, const struct shape *shape)
{
    int some = 0;
    for (size_t i = 0; i < shape->searched.count; i++) {
        struct span line = head->lines[shape->searched.at[i]];
        if (!is_searched(head, shape, i))
            continue;
        if (!may_name_hosts(line))
            return -1;
        put(seen, "\r\n", 2);
        put_span(seen, line);
        some = 1;
    }
    return some;
}

static const char *end_of(struct span text)
{
    return text.start + text.length;
}

static int is_address(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!text.start[i] || !strchr("0123456789abcdef.:", text.start[i]))
            return 0;
    return text.length > 0;
}

/* Where a Via line says that it came from: 0 for what is unusual. ``parameters``: behind the first semicolon. */
static int put_received_of(struct text *seen, struct span parameters)
{
    static const char NAME[] = "received";
    static const size_t LENGTH = sizeof NAME - 1;
    int found = 0;
    for (const char *at = parameters.start, *end = end_of(parameters), *next; at < end; at = next + 1) {
        next = memchr(at, ';', (size_t)(end - at));
        next = next ? next : end;
        if ((size_t)(next - at) < LENGTH || strncasecmp(at, NAME, LENGTH))
            continue;
        struct span value = {at + LENGTH + 1, (size_t)(next - at) - LENGTH - (at + LENGTH < next)};
        if (found || at + LENGTH == next || at[LENGTH] != '=' || !is_address(value))
            return 0;
        found = 1;
        put(seen, " ", 1);
        put_span(seen, value);
    }
    return 1;
}

/* The same of its sent-by. */
static int put_via(struct text *seen, struct span line)
{
    struct span front = line, host, rest = {end_of(line), 0};
    const char *semicolon = memchr(line.start, ';', line.length);
    if (semicolon) {
        front.length = (size_t)(semicolon - line.start);
        rest = (struct span){semicolon + 1, (size_t)(end_of(line) - semicolon - 1)};
    }
    for (size_t i = 0; i < rest.length; i++)
        if (rest.start[i] <= ' ' || rest.start[i] == ',' || rest.start[i] == '"')
            return 0;
    if (!plain_via_host_of(front, &host))
        return 0;
    put(seen, " ", 1);
    put_span(seen, host);
    return put_received_of(seen, rest);
}

static int put_hosts(struct text *seen, const struct head *head, const struct shape *shape, struct span address)
{
    put_span(seen, address);
    for (size_t i = 0; i < shape->vias.count; i++)
        if (!put_via(seen, head->lines[shape->vias.at[i]]))
            return 0;
    return 1;
}

/* A session description is rewritten. */
static int has_description(const struct head *head, const struct shape *shape)
{
    static const size_t LENGTH = sizeof DESCRIPTION - 1;
    if (!shape->content_type)
        return 0;
    struct span kind = value_of(head->lines[shape->content_type]);
    return kind.length >= LENGTH && strncasecmp(kind.start, DESCRIPTION, LENGTH) == 0;
}

static PyObject *bytes_of(struct text text)
{
    return PyBytes_FromStringAndSize(text.start, (Py_ssize_t)text.length);
}

static int show(struct span *line, PyObject *shown)
{
    if (shown == Py_None)
        line->length = 0;
    else if (shown && PyBytes_Check(shown))
        *line = (struct span){PyBytes_AsString(shown), (size_t)PyBytes_Size(shown)};
    else
        return 0;
    return 1;
}

/* Of a hidden zone's message; ``shown``: a tuple of what the searched lines have become. */
static int show_lines(struct head *head, const struct shape *shape, PyObject *shown, int is_asked)
{
    Py_ssize_t next = 0;
    for (size_t i = 0; i < shape->searched.count && is_asked; i++)
        if (is_searched(head, shape, i) && !show(&head->lines[shape->searched.at[i]], PyTuple_GetItem(shown, next++)))
            return 0;
    for (size_t i = 0; i < shape->dropped.count; i++)
        head->lines[shape->dropped.at[i]].length = 0;
    return 1;
}

/* Call-ID and Via lines as they came, with what the edge notes in the first of these. */
static PyObject *back_of(const struct gate *gate, const struct head *head, const struct shape *shape, struct span address,
                         const struct own *own)
{
    char space[LONGEST_SEEN];
    struct text text = {space, 0, sizeof space, 0};
    put_span(&text, head->lines[shape->call_id]);
    put(&text, "\r\n", 2);
    for (size_t i = 0; gate->hides && i < shape->vias.count; i++) {
        put_span(&text, head->lines[shape->vias.at[i]]);
        put_received(&text, i == 0 && own->stamped, address);
        put(&text, "\r\n", 2);
    }
    return text.failed ? NULL : bytes_of(text);
}

/* A new reference: the answer of Python; NULL, perhaps with an exception. */
static PyObject *ask_request(const struct gate *gate, const struct head *head, const struct shape *shape,
                             struct span address, int *is_asked)
{
    char space[LONGEST_SEEN];
    struct text seen = {space, 0, sizeof space, 0};
    struct span line = head->lines[shape->call_id];
    if (gate->hides) {
        if (has_description(head, shape) || !put_hosts(&seen, head, shape, address))
            return NULL;
        int some = put_searched(&seen, head, shape);
        if (some < 0 || seen.failed)
            return NULL;
        seen.length = some ? seen.length : 0;
        *is_asked = some;
    }
    PyObject *call_id = PyBytes_FromStringAndSize(line.start, (Py_ssize_t)line.length);
    PyObject *lines = call_id ? bytes_of(seen) : NULL;
    PyObject *answer = lines ? PyObject_CallFunctionObjArgs(gate->request, call_id, lines, NULL) : NULL;
    Py_XDECREF(call_id);
    Py_XDECREF(lines);
    return answer;
}

int gate_request(const struct gate *gate, struct head *head, const struct shape *shape, struct span address,
                 const struct own *own, PyObject **held, PyObject **back)
{
    int is_asked = 0;
    *held = *back = NULL;
    if (!shape->crosses || !(*back = back_of(gate, head, shape, address, own)))
        return PyErr_Occurred() ? -1 : 0;
    PyObject *call_id, *lines;
    *held = ask_request(gate, head, shape, address, &is_asked);
    if (*held && *held != Py_None && PyArg_ParseTuple(*held, "SO", &call_id, &lines) &&
        (!gate->hides || show_lines(head, shape, lines, is_asked)) && show(&head->lines[shape->call_id], call_id))
        return 1;
    Py_CLEAR(*held);
    Py_CLEAR(*back);
    return PyErr_Occurred() ? -1 : 0;
}

/* As ``ask_request``. */
static PyObject *ask_response(const struct gate *gate, const struct head *head, const struct shape *shape, PyObject *hops,
                              int *is_asked)
{
    char space[LONGEST_SEEN];
    struct text seen = {space, 0, sizeof space, 0};
    int some = has_description(head, shape) ? -1 : put_searched(&seen, head, shape);
    if (some < 0 || seen.failed)
        return NULL;
    *is_asked = some;
    if (!some) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    PyObject *lines = bytes_of(seen);
    PyObject *answer = lines ? PyObject_CallFunctionObjArgs(gate->response, hops, lines, NULL) : NULL;
    Py_XDECREF(lines);
    if (answer == Py_None)
        Py_CLEAR(answer);
    return answer;
}

int gate_response(const struct gate *gate, struct head *head, const struct shape *shape, PyObject *hops, PyObject *back,
                  PyObject **held, struct span *vias)
{
    int is_asked = 0;
    struct span kept = {PyBytes_AsString(back), (size_t)PyBytes_Size(back)};
    const char *feed = memchr(kept.start, '\n', kept.length);
    *held = NULL;
    if (!shape->crosses || !feed || (gate->covers && !(*held = ask_response(gate, head, shape, hops, &is_asked))))
        return PyErr_Occurred() ? -1 : 0;
    if (gate->covers && !show_lines(head, shape, *held, is_asked)) {
        Py_CLEAR(*held);
        return PyErr_Occurred() ? -1 : 0;
    }
    head->lines[shape->call_id] = (struct span){kept.start, (size_t)(feed - 1 - kept.start)};
    *vias = (struct span){feed + 1, (size_t)(kept.start + kept.length - feed - 1)};
    return 1;
}
