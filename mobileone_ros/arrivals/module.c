/* Messages for Python: workers sleep and take them without the interpreter's lock. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "doorbell.h"
#include "inlet.h"

typedef struct {
  PyObject_HEAD
  Doorbell doorbell;
} DoorbellObject;

typedef struct {
  PyObject_HEAD
  DoorbellObject *doorbell;
  PyObject *owner;
  Inlet inlet;
  Py_ssize_t expected;
} InletObject;

static PyTypeObject *doorbell_type;

static PyObject *new_doorbell(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
  if (!PyArg_ParseTuple(args, ":Doorbell") || (kwargs && PyDict_Size(kwargs))) {
    return NULL;
  }
  DoorbellObject *self = (DoorbellObject *)type->tp_alloc(type, 0);
  if (self && doorbell_init(&self->doorbell)) {
    Py_TYPE(self)->tp_free(self);
    return PyErr_NoMemory();
  }
  return (PyObject *)self;
}

static void free_doorbell(PyObject *object)
{
  PyTypeObject *type = Py_TYPE(object);
  doorbell_destroy(&((DoorbellObject *)object)->doorbell);
  type->tp_free(object);
  Py_DECREF(type);
}

/* Call a method of a lock. Return 0, or -1 with an exception set. */
static int call(PyObject *lock, const char *method)
{
  PyObject *result = PyObject_CallMethod(lock, method, NULL);
  Py_XDECREF(result);
  return result ? 0 : -1;
}

static PyObject *py_wait(PyObject *object, PyObject *lock)
{
  Doorbell *doorbell = &((DoorbellObject *)object)->doorbell;
  Sleeper sleeper;
  if (!doorbell_enlist(doorbell, &sleeper)) {
    Py_RETURN_NONE;
  }
  if (call(lock, "release")) {
    doorbell_delist(doorbell, &sleeper);
    return NULL;
  }
  Py_BEGIN_ALLOW_THREADS
  doorbell_sleep(&sleeper);
  Py_END_ALLOW_THREADS
  if (call(lock, "acquire")) {
    return NULL;
  }
  Py_RETURN_NONE;
}

static PyObject *py_wake_one(PyObject *object, PyObject *unused)
{
  (void)unused;
  doorbell_wake_one(&((DoorbellObject *)object)->doorbell);
  Py_RETURN_NONE;
}

static PyObject *py_wake_all(PyObject *object, PyObject *unused)
{
  (void)unused;
  doorbell_wake_all(&((DoorbellObject *)object)->doorbell);
  Py_RETURN_NONE;
}

static PyObject *new_inlet(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
  PyObject *doorbell;
  unsigned long long take, set_callback, reset_error;
  if (!PyArg_ParseTuple(args, "O!KKK:Inlet", doorbell_type, &doorbell, &take, &set_callback,
      &reset_error) || (kwargs && PyDict_Size(kwargs)))
  {
    return NULL;
  }
  InletObject *self = (InletObject *)type->tp_alloc(type, 0);
  if (!self) {
    return NULL;
  }
  const uintptr_t addresses[] = {take, set_callback, reset_error};
  Rcl rcl;
  memcpy(&rcl.take, &addresses[0], sizeof rcl.take);
  memcpy(&rcl.set_callback, &addresses[1], sizeof rcl.set_callback);
  memcpy(&rcl.reset_error, &addresses[2], sizeof rcl.reset_error);
  self->doorbell = (DoorbellObject *)Py_NewRef(doorbell);
  if (inlet_init(&self->inlet, &self->doorbell->doorbell, &rcl)) {
    Py_DECREF(doorbell);
    Py_TYPE(self)->tp_free(self);
    return PyErr_NoMemory();
  }
  return (PyObject *)self;
}

static void free_inlet(PyObject *object)
{
  InletObject *self = (InletObject *)object;
  PyTypeObject *type = Py_TYPE(object);
  inlet_destroy(&self->inlet);
  Py_XDECREF(self->owner);
  Py_DECREF(self->doorbell);
  type->tp_free(object);
  Py_DECREF(type);
}

static PyObject *py_attach(PyObject *object, PyObject *args)
{
  InletObject *self = (InletObject *)object;
  PyObject *owner;
  unsigned long long address;
  int newest_only;
  if (!PyArg_ParseTuple(args, "OKp:attach", &owner, &address, &newest_only)) {
    return NULL;
  }
  if (self->owner) {
    PyErr_SetString(PyExc_RuntimeError, "the inlet is attached already");
    return NULL;
  }
  int result;
  Py_BEGIN_ALLOW_THREADS
  result = inlet_attach(&self->inlet, (const void *)(uintptr_t)address, newest_only);
  Py_END_ALLOW_THREADS
  if (result != RCL_OK) {
    return PyErr_Format(
      PyExc_RuntimeError, "the middleware calls nobody for new messages (error %d)", result);
  }
  self->owner = Py_NewRef(owner);
  Py_RETURN_NONE;
}

static PyObject *py_silence(PyObject *object, PyObject *unused)
{
  (void)unused;
  Py_BEGIN_ALLOW_THREADS
  inlet_silence(&((InletObject *)object)->inlet);
  Py_END_ALLOW_THREADS
  Py_RETURN_NONE;
}

static PyObject *py_detach(PyObject *object, PyObject *unused)
{
  (void)unused;
  InletObject *self = (InletObject *)object;
  Py_BEGIN_ALLOW_THREADS
  inlet_silence(&self->inlet);
  inlet_detach(&self->inlet);
  Py_END_ALLOW_THREADS
  Py_CLEAR(self->owner);
  Py_RETURN_NONE;
}

static double seconds(int64_t ns)
{
  return (double)ns / 1e9;
}

static PyObject *py_notice(PyObject *object, PyObject *unused)
{
  (void)unused;
  int64_t arrived_at_ns;
  const size_t count = inlet_notice(&((InletObject *)object)->inlet, &arrived_at_ns);
  if (!count) {
    Py_RETURN_NONE;
  }
  return Py_BuildValue("(nd)", (Py_ssize_t)count, seconds(arrived_at_ns));
}

/*
 * A message's memory lies within a bytes object first, whose start is the allocator's state; what
 * outgrows that is allocated.
 */
static void *allocate(size_t size, void *state)
{
  (void)state;
  return malloc(size);
}

static void *zero_allocate(size_t count, size_t size, void *state)
{
  (void)state;
  return calloc(count, size);
}

static void deallocate(void *memory, void *state)
{
  if (memory != state) {
    free(memory);
  }
}

/* Grow a message's memory; what it held is of no use. */
static void *reallocate(void *memory, size_t size, void *state)
{
  return memory == state ? malloc(size) : realloc(memory, size);
}

/* Return a message's bytes, of which `room` may hold them already; takes over both. */
static PyObject *as_bytes(PyObject *room, const RclSerializedMessage *message)
{
  const Py_ssize_t length = (Py_ssize_t)message->length;
  if (message->buffer == (uint8_t *)PyBytes_AS_STRING(room)) {
    _PyBytes_Resize(&room, length);
    return room;
  }
  Py_DECREF(room);
  PyObject *bytes = PyBytes_FromStringAndSize((const char *)message->buffer, length);
  free(message->buffer);
  return bytes;
}

static PyObject *py_take(PyObject *object, PyObject *unused)
{
  (void)unused;
  InletObject *self = (InletObject *)object;
  PyObject *room = PyBytes_FromStringAndSize(NULL, self->expected + 1);
  if (!room) {
    return NULL;
  }
  uint8_t *start = (uint8_t *)PyBytes_AS_STRING(room);
  RclSerializedMessage message = {
    start, 0, (size_t)self->expected + 1,
    {allocate, deallocate, reallocate, zero_allocate, start}};
  RclMessageInfo info;
  int result;
  Py_BEGIN_ALLOW_THREADS
  result = inlet_take(&self->inlet, &message, &info);
  Py_END_ALLOW_THREADS
  if (result != RCL_OK) {
    deallocate(message.buffer, start);
    Py_DECREF(room);
    return result == RCL_TAKE_FAILED ? Py_NewRef(Py_None) : PyErr_Format(
      PyExc_RuntimeError, "the middleware did not give the message (error %d)", result);
  }
  /* Compressed pictures vary: room for the larger ones of late. */
  const Py_ssize_t length = (Py_ssize_t)message.length, former = self->expected;
  self->expected = length > former - former / 16 ? length : former - former / 16;
  PyObject *bytes = as_bytes(room, &message);
  return bytes ? Py_BuildValue(
    "(NKy#)", bytes, (unsigned long long)info.publication_sequence_number,
    (const char *)info.publisher, (Py_ssize_t)PUBLISHER_BYTES) : NULL;
}

static PyObject *get_arrived(PyObject *object, void *unused)
{
  (void)unused;
  Inlet *inlet = &((InletObject *)object)->inlet;
  pthread_mutex_lock(&inlet->doorbell->mutex);
  const size_t arrived = inlet->arrived;
  const int64_t at_ns = inlet->arrived_at_ns;
  pthread_mutex_unlock(&inlet->doorbell->mutex);
  return Py_BuildValue("(nd)", (Py_ssize_t)arrived, seconds(at_ns));
}

static PyMethodDef doorbell_methods[] = {
  {"wait", py_wait, METH_O,
    "wait($self, lock, /)\n--\n\n"
    "Give the lock away, sleep until woken, and take it again; at once where messages came."},
  {"wake_one", py_wake_one, METH_NOARGS,
    "wake_one($self, /)\n--\n\nWake the thread that fell asleep last, if any sleeps."},
  {"wake_all", py_wake_all, METH_NOARGS, "wake_all($self, /)\n--\n\nWake every thread."},
  {NULL, NULL, 0, NULL}};

static PyMethodDef inlet_methods[] = {
  {"attach", py_attach, METH_VARARGS,
    "attach($self, owner, address, newest_only, /)\n--\n\n"
    "Ring for every message of the rcl_subscription_t at an address, which lives while its owner\n"
    "does; RuntimeError where the middleware cannot."},
  {"silence", py_silence, METH_NOARGS,
    "silence($self, /)\n--\n\nRing no more; messages can still be taken."},
  {"detach", py_detach, METH_NOARGS, "detach($self, /)\n--\n\nLet the subscription go."},
  {"notice", py_notice, METH_NOARGS,
    "notice($self, /)\n--\n\n"
    "Return how many messages came since the last call, and when the last of them did, in\n"
    "seconds of the monotonic clock; None where none came."},
  {"take", py_take, METH_NOARGS,
    "take($self, /)\n--\n\n"
    "Return the newest message, its number and its publisher, None where there is none."},
  {NULL, NULL, 0, NULL}};

static PyGetSetDef inlet_properties[] = {
  {"arrived", get_arrived, NULL,
    "How many messages came in all, and when the last of them did, in monotonic seconds.", NULL},
  {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot doorbell_slots[] = {
  {Py_tp_doc, "Wakes threads that wait for messages, last in, first out."},
  {Py_tp_new, new_doorbell},
  {Py_tp_dealloc, free_doorbell},
  {Py_tp_methods, doorbell_methods},
  {0, NULL}};

static PyType_Slot inlet_slots[] = {
  {Py_tp_doc, "Inlet(doorbell, take, set_callback, reset_error): one subscription's messages."},
  {Py_tp_new, new_inlet},
  {Py_tp_dealloc, free_inlet},
  {Py_tp_methods, inlet_methods},
  {Py_tp_getset, inlet_properties},
  {0, NULL}};

static PyType_Spec doorbell_spec = {
  "mobileone_ros.arrivals._compiled.Doorbell", sizeof(DoorbellObject), 0, Py_TPFLAGS_DEFAULT,
  doorbell_slots};

static PyType_Spec inlet_spec = {
  "mobileone_ros.arrivals._compiled.Inlet", sizeof(InletObject), 0, Py_TPFLAGS_DEFAULT,
  inlet_slots};

static struct PyModuleDef definition = {
  PyModuleDef_HEAD_INIT, "_compiled", "Messages that workers take themselves.", -1, NULL,
  NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__compiled(void)
{
  PyObject *module = PyModule_Create(&definition);
  PyObject *doorbell = PyType_FromSpec(&doorbell_spec);
  PyObject *inlet = PyType_FromSpec(&inlet_spec);
  doorbell_type = (PyTypeObject *)doorbell;
  if (!module || !doorbell || !inlet || PyModule_AddObjectRef(module, "Doorbell", doorbell) ||
    PyModule_AddObjectRef(module, "Inlet", inlet))
  {
    Py_CLEAR(module);
  }
  Py_XDECREF(inlet);
  return module;
}
