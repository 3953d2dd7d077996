#include "ways.h"

#include <string.h>

enum { MOST_SHAPES = 512 };

static const char CAPSULE[] = "sipedge way";

static PyObject *ways, *shapes;
static Py_ssize_t most_ways;

/* The names that were asked for last, of requests and of responses, and what was found. */
static struct {
    char names[MOST_NAMES];
    size_t length;
    PyObject *found;
} latest[2];

static void forget_latest(void)
{
    for (int i = 0; i < 2; i++) {
        Py_CLEAR(latest[i].found);
        latest[i].length = 0;
    }
}

int ways_begin(Py_ssize_t most)
{
    forget_latest();
    Py_XDECREF(ways);
    Py_XDECREF(shapes);
    ways = PyDict_New();
    shapes = PyDict_New();
    most_ways = most;
    return ways && shapes;
}

void ways_forget(void)
{
    PyDict_Clear(ways);
}

void way_free(struct way *way)
{
    Py_XDECREF(way->via);
    Py_XDECREF(way->uri);
    Py_XDECREF(way->method);
    Py_XDECREF(way->shown);
    Py_XDECREF(way->hops);
    Py_XDECREF(way->shape);
    gate_end(&way->gate);
    PyMem_Free(way);
}

static void destroy(PyObject *capsule)
{
    way_free(PyCapsule_GetPointer(capsule, CAPSULE));
}

struct way *way_in(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, CAPSULE);
}

static struct span text_of(PyObject *bytes)
{
    return (struct span){PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes)};
}

/* Numbers of lines, of which the last one is ``last``. */
static int copy_numbers(struct numbers *numbers, PyObject *bytes, size_t last)
{
    struct span given = text_of(bytes);
    if (given.length > sizeof numbers->at)
        return 0;
    for (size_t i = 0; i < given.length; i++)
        if (!given.start[i] || (unsigned char)given.start[i] > last)
            return 0;
    numbers->count = (unsigned char)given.length;
    memcpy(numbers->at, given.start, given.length);
    return 1;
}

struct way *way_new(
    PyObject *via, PyObject *uri, PyObject *removed, PyObject *method, PyObject *shown, PyObject *hops)
{
    struct way *way = method ? PyMem_Calloc(1, sizeof *way) : NULL;
    if (!way) {
        Py_XDECREF(method);
        return PyErr_Occurred() ? NULL : (PyErr_NoMemory(), NULL);
    }
    Py_INCREF(via);
    Py_INCREF(uri);
    Py_INCREF(shown);
    Py_INCREF(hops);
    way->hops = hops;
    way->via = via, way->uri = uri, way->method = method, way->shown = shown;
    way->edits.via = text_of(via);
    way->edits.uri = text_of(uri);
    if (copy_numbers(&way->edits.removed, removed, MOST_LINES))
        return way;
    way_free(way);
    PyErr_SetString(PyExc_ValueError, "numbers of lines that no head has");
    return NULL;
}

int way_hash(struct way *way, struct span key, struct span source)
{
    if (!key.length || key.length > BLAKE2S_KEY) {
        way_free(way);
        return 0;
    }
    blake2s_begin(&way->edits.begun, key.start, key.length);
    blake2s_update(&way->edits.begun, source.start, source.length);
    return 1;
}

/* NULL where such requests have none. */
static PyObject *key_of(unsigned long seat, const struct head *head, const struct shape *shape)
{
    char space[LONGEST_KEY];
    struct text key = {space, 0, sizeof space, 0};
    write_key(&key, seat, head, shape);
    return key.failed ? NULL : PyBytes_FromStringAndSize(key.start, (Py_ssize_t)key.length);
}

static PyObject *names_of(const struct head *head)
{
    return PyBytes_FromStringAndSize(head->names, (Py_ssize_t)head->names_length);
}

static PyObject *shape_object(const struct head *head)
{
    PyObject *names = names_of(head), *found = names ? PyDict_GetItemWithError(shapes, names) : NULL;
    Py_XDECREF(names);
    return found;
}

int way_keep(struct way *way, unsigned long seat, const struct head *head, const struct shape *shape)
{
    PyObject *key = key_of(seat, head, shape), *capsule = NULL;
    if (key && (way->shape = shape_object(head))) {
        Py_INCREF(way->shape);
        capsule = PyCapsule_New(way, CAPSULE, destroy);
    }
    if (!capsule) {
        Py_XDECREF(key);
        way_free(way);
        return PyErr_Occurred() ? -1 : 0;
    }
    if (PyDict_Size(ways) >= most_ways)
        PyDict_Clear(ways);
    int failed = PyDict_SetItem(ways, key, capsule);
    Py_DECREF(key);
    Py_DECREF(capsule);
    return failed ? -1 : 1;
}

PyObject *way_find(unsigned long seat, const struct head *head, const struct shape *shape)
{
    PyObject *key = key_of(seat, head, shape), *found = key ? PyDict_GetItemWithError(ways, key) : NULL;
    Py_XDECREF(key);
    return found;
}

const struct shape *shape_find(const struct head *head)
{
    int i = head->status != 0;
    size_t length = head->names_length;
    if (latest[i].length != length || memcmp(latest[i].names, head->names, length) || !latest[i].found) {
        PyObject *found = shape_object(head);
        if (!found)
            return NULL;
        Py_INCREF(found);
        Py_XDECREF(latest[i].found);
        latest[i].found = found;
        latest[i].length = length;
        memcpy(latest[i].names, head->names, length);
    }
    return (const struct shape *)(const void *)PyBytes_AsString(latest[i].found);
}

static int are_sound(struct shape *shape, size_t last, PyObject *const *numbers)
{
    size_t single[] = {shape->from, shape->to, shape->call_id, shape->cseq, shape->content_length, shape->max_forwards};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (single[i] > last)
            return 0;
    if (shape->content_type > last || (shape->crosses && !shape->call_id))
        return 0;
    return copy_numbers(&shape->parsed, numbers[0], last) && copy_numbers(&shape->vias, numbers[1], last) &&
           copy_numbers(&shape->read, numbers[2], last) && copy_numbers(&shape->hashed, numbers[3], last) &&
           copy_numbers(&shape->dropped, numbers[4], last) && copy_numbers(&shape->searched, numbers[5], last) &&
           shape->contacts <= shape->searched.count && shape->vias.count && shape->from && shape->cseq && shape->content_length;
}

int shape_keep(struct shape *shape, PyObject *names, PyObject *const *numbers)
{
    struct span text = text_of(names);
    size_t last = 0;
    for (size_t i = 0; i < text.length; i++)
        last += text.start[i] == '\n';
    if (!are_sound(shape, last, numbers) || last > MOST_LINES) {
        PyErr_SetString(PyExc_ValueError, "numbers of lines that such a head has not");
        return 0;
    }
    if (PyDict_GetItemWithError(shapes, names) || PyErr_Occurred())
        return !PyErr_Occurred();
    PyObject *kept = PyBytes_FromStringAndSize((const char *)shape, sizeof *shape);
    if (PyDict_Size(shapes) >= MOST_SHAPES) {
        PyDict_Clear(shapes);
        PyDict_Clear(ways);
    }
    int failed = !kept || PyDict_SetItem(shapes, names, kept);
    Py_XDECREF(kept);
    forget_latest();
    return !failed;
}
