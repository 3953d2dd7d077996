/* The Python side of packet.h: a run of packets in the usual form, as capture.py would hand them to streams.py. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "packet.h"

/* ``payload``: that of the packet, or the message that it and the one at ``end`` hold. */
static PyObject *segment(const struct packet *packet, const unsigned char *payload, size_t length, size_t message,
                         long long place, long long end)
{
    return Py_BuildValue("(y#y#iIdLnnL)", (const char *)packet->key, (Py_ssize_t)KEY, (const char *)payload,
                         (Py_ssize_t)length, packet->flags, (unsigned int)packet->sequence, packet->time, place,
                         (Py_ssize_t)message, (Py_ssize_t)packet->length, end);
}

/* The segment of a packet, or of a pair: then ``packet`` is the second one afterwards. */
static PyObject *found(const struct block *block, struct packet *packet, size_t position, long long base)
{
    unsigned char pair[LARGEST_PAIR];
    struct packet second;
    size_t end = position, size, length = packet->flags ? 0 : message_length(packet->payload, packet->length);
    long long place = base + (long long)position;
    if (packet->flags || length == packet->length || !pair_read(block, packet, &second, &end, pair, &size))
        return segment(packet, packet->payload, packet->length, length, place, place);
    PyObject *both = segment(packet, pair, size, size, place, base + (long long)end);
    *packet = second;
    return both;
}

/* Appends what carries something, up to the first packet that is not usual. */
static int walk(PyObject *list, const struct block *block, size_t *position, uint32_t *last, long long base, size_t most)
{
    struct packet packet;
    size_t count = 0;
    while (count < most && packet_read(block, *position, &packet)) {
        if (packet.length || packet.flags) {
            PyObject *item = found(block, &packet, *position, base);
            int failed = !item || PyList_Append(list, item);
            Py_XDECREF(item);
            if (failed)
                return 0;
            count++;
        }
        *position = packet.end;
        *last = packet.seconds;
    }
    return 1;
}

/* (data, position, base, last, big, unit, low, high, due, most): at most so many segments from ``position`` on, where the
 * next packet stands, and the seconds of the last one. packets.py says what a segment is. */
static PyObject *segments(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *data;
    Py_ssize_t position, most;
    long long base, low, high;
    unsigned int last;
    struct block block;
    if (!PyArg_ParseTuple(args, "SnLIpdLLdn", &data, &position, &base, &last, &block.big, &block.unit, &low, &high,
                          &block.due, &most))
        return NULL;
    if (position < 0 || most < 0)
        return PyErr_Format(PyExc_ValueError, "segments takes no negative sizes");
    block.data = (const unsigned char *)PyBytes_AsString(data);
    block.length = (size_t)PyBytes_Size(data);
    block.low = low;
    block.high = high;
    size_t place = (size_t)position;
    uint32_t seconds = last;
    PyObject *list = PyList_New(0);
    if (list && walk(list, &block, &place, &seconds, base, (size_t)most))
        return Py_BuildValue("(NnI)", list, (Py_ssize_t)place, (unsigned int)seconds);
    Py_XDECREF(list);
    return NULL;
}

static PyMethodDef METHODS[] = {
    {"segments", segments, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_packets", "Packets in the usual form.", -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__packets(void)
{
    PyObject *module = PyModule_Create(&MODULE);
    if (module && PyModule_AddStringConstant(module, "SOURCES", SIPEDGE_SOURCES)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
