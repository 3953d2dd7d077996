/* The Python side of sequences.h. Pointers are ints here, made by Python with cffi or returned from here; every size
 * is checked here or in sequences.c. Python's lock is kept: a sequence takes microseconds. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "sequences.h"

/* Set by begin. */
static PyObject *stack_error;
static size_t max_branch, max_method;

static int arguments(const char *name, Py_ssize_t count, Py_ssize_t wanted)
{
    if (count != wanted)
        PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", name, wanted, count);
    return count == wanted;
}

/* NULL with an exception for what is no address. */
static void *pointer(PyObject *number)
{
    void *address = PyLong_AsVoidPtr(number);
    if (!address && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a null pointer");
    return address;
}

static int bytes(PyObject *object, pj_str_t *text)
{
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(object, &text->ptr, &length))
        return 0;
    text->slen = length;
    return 1;
}

static PyObject *failed(const struct failure *failure)
{
    return PyErr_Format(stack_error, "pjsip's %s failed with status %d", failure->call, failure->status);
}

static PyObject *begin(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    const struct sipedge_setup *setup;
    if (!arguments("begin", count, 2) || !(setup = pointer(args[0])))
        return NULL;
    sequences_begin(setup);
    max_branch = setup->max_branch;
    max_method = setup->max_method;
    Py_INCREF(args[1]);
    Py_XDECREF(stack_error);
    stack_error = args[1];
    return Py_BuildValue("nn", (Py_ssize_t)on_send, (Py_ssize_t)on_state);
}

/* Lines of a message by their numbers, of which the first is replaced: 1, 0 when they are too long, -1 for an error. */
static int write_text(PyObject *lines, PyObject *numbers, PyObject *start)
{
    pj_str_t line;
    Py_ssize_t count = PyList_Size(numbers);
    if (count < 0 || !bytes(start, &line))
        return -1;
    text_begin();
    int fits = text_line(line.ptr, (size_t)line.slen);
    for (Py_ssize_t i = 1; i < count && fits; i++) {
        Py_ssize_t number = PyLong_AsSsize_t(PyList_GetItem(numbers, i));
        PyObject *item = PyErr_Occurred() ? NULL : PyList_GetItem(lines, number); /* checks the range */
        if (!item || !bytes(item, &line))
            return -1;
        fits = text_line(line.ptr, (size_t)line.slen);
    }
    return fits && text_line("", 0);
}

static PyObject *request(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_ssize_t length;
    const char *method;
    const struct sipedge_source *source;
    if (!arguments("request", count, 5) || !(source = pointer(args[0])) ||
        !(method = PyUnicode_AsUTF8AndSize(args[4], &length)))
        return NULL;
    int fits = write_text(args[1], args[2], args[3]);
    if (fits < 0)
        return NULL;
    return PyLong_FromLong(fits ? (long)sequences_request(source, method, (size_t)length) : INCOMPLETE);
}

/* b"" where no digest names the transaction of the request that was read last. */
static PyObject *key(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    const char *named = sequences_key();
    return PyBytes_FromStringAndSize(named, named ? KEY_LENGTH : 0);
}

static PyObject *response(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    pj_str_t method, branch;
    const struct sipedge_source *source;
    if (!arguments("response", count, 4) || !(source = pointer(args[0])))
        return NULL;
    int fits = write_text(args[1], args[2], args[3]);
    if (fits < 0)
        return NULL;
    enum kind kind = fits ? sequences_response(source, &method, &branch) : INCOMPLETE;
    if (kind != READ)
        return PyLong_FromLong(kind);
    PyObject *named = PyUnicode_DecodeASCII(method.ptr, method.slen, NULL);
    PyObject *token = named ? PyUnicode_DecodeLatin1(branch.slen ? branch.ptr : "", branch.slen, NULL) : NULL;
    return token ? Py_BuildValue("NN", named, token) : (Py_XDECREF(named), NULL);
}

static PyObject *open_server(PyObject *module, PyObject *is_invite)
{
    (void)module;
    struct failure failure = {NULL, 0};
    pjsip_transaction *made = sequences_open(PyObject_IsTrue(is_invite), &failure);
    return made ? PyLong_FromVoidPtr(made) : failed(&failure);
}

static PyObject *distribute(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    return PyBool_FromLong(sequences_distribute());
}

static PyObject *deliver(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    pjsip_transaction *client;
    if (!arguments("deliver", count, 2) || !(client = pointer(args[0])))
        return NULL;
    sequences_deliver(client, PyObject_IsTrue(args[1]));
    Py_RETURN_NONE;
}

static PyObject *forward(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    pj_str_t method, branch;
    const struct sipedge_source *target;
    struct failure failure = {NULL, 0};
    if (!arguments("forward", count, 3) || !bytes(args[0], &method) || !bytes(args[1], &branch) ||
        !(target = pointer(args[2])))
        return NULL;
    if ((size_t)method.slen > max_method || (size_t)branch.slen > max_branch)
        return PyErr_Format(PyExc_ValueError, "a method or branch of more bytes than pjsip has room for");
    pjsip_transaction *made = sequences_forward(target, &method, &branch, &failure);
    if (failure.call)
        return failed(&failure);
    return made ? PyLong_FromVoidPtr(made) : (Py_INCREF(Py_None), Py_None);
}

static PyObject *respond(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    pj_str_t data;
    pjsip_transaction *server;
    struct failure failure = {NULL, 0};
    if (!arguments("respond", count, 3) || !(server = pointer(args[0])) || !bytes(args[2], &data))
        return NULL;
    sequences_respond(server, PyObject_IsTrue(args[1]), &data, &failure);
    if (failure.call)
        return failed(&failure);
    Py_RETURN_NONE;
}

static PyObject *accept_server(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    pjsip_transaction *server;
    if (!arguments("accept", count, 2) || !(server = pointer(args[0])))
        return NULL;
    long status = PyLong_AsLong(args[1]);
    if (PyErr_Occurred())
        return NULL;
    server->status_code = (int)status;
    Py_RETURN_NONE;
}

static PyObject *end(PyObject *module, PyObject *handle)
{
    (void)module;
    pjsip_transaction *transaction = pointer(handle);
    if (!transaction)
        return NULL;
    sequences_end(transaction);
    Py_RETURN_NONE;
}

/* The address of what other parts in C may call. */
static PyObject *table(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    return PyLong_FromVoidPtr((void *)sequences_table());
}

/* Seconds and milliseconds until the next timer. */
static PyObject *poll(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    pj_time_val delay = {0, 0};
    sequences_poll(&delay);
    return Py_BuildValue("ll", delay.sec, delay.msec);
}

#define FAST(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL
static PyMethodDef METHODS[] = {
    {"begin", FAST(begin)},
    {"request", FAST(request)},
    {"key", key, METH_NOARGS, NULL},
    {"response", FAST(response)},
    {"open", open_server, METH_O, NULL},
    {"distribute", distribute, METH_NOARGS, NULL},
    {"deliver", FAST(deliver)},
    {"forward", FAST(forward)},
    {"respond", FAST(respond)},
    {"accept", FAST(accept_server)},
    {"end", end, METH_O, NULL},
    {"poll", poll, METH_NOARGS, NULL},
    {"table", table, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_sequences", "pjsip's call sequences in C.", -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__sequences(void)
{
    PyObject *module = PyModule_Create(&MODULE);
    if (module && PyModule_AddStringConstant(module, "SOURCES", SIPEDGE_SOURCES)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
