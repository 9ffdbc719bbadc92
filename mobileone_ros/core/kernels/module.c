/* The kernels for Python: every buffer is checked here, the kernels trust their arguments. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "resample.h"
#include "top_k.h"

static int has_layout(const Py_buffer *view, int dimensions, const char *format)
{
  return view->ndim == dimensions && view->format && !strcmp(view->format, format);
}

/* Take a view of (height, width, 3) uint8 whose pixels lie side by side. */
static int as_picture(const Py_buffer *view, Picture *picture)
{
  if (!has_layout(view, 3, "B") || view->shape[2] != CHANNELS || view->strides[2] != 1 ||
    view->strides[1] != CHANNELS || !view->shape[0] || !view->shape[1])
  {
    PyErr_SetString(
      PyExc_ValueError, "the picture must be uint8 of shape (height, width, 3), pixel by pixel");
    return -1;
  }
  *picture = (Picture) {
    view->buf, view->strides[0], (size_t)view->shape[1], (size_t)view->shape[0]};
  return 0;
}

/* Take a view of (3, height, width) float32 whose rows are without gaps. */
static int as_planes(const Py_buffer *view, Planes *planes)
{
  const Py_ssize_t size = sizeof(float);
  if (!has_layout(view, 3, "f") || view->shape[0] != CHANNELS || view->strides[2] != size ||
    view->strides[1] % size || view->strides[0] % size || !view->shape[1] || !view->shape[2])
  {
    PyErr_SetString(
      PyExc_ValueError, "the planes must be float32 of shape (3, height, width), row by row");
    return -1;
  }
  for (int channel = 0; channel < CHANNELS; ++channel) {
    planes->planes[channel] = (float *)view->buf + channel * (view->strides[0] / size);
  }
  planes->row_floats = view->strides[1] / size;
  planes->width = (size_t)view->shape[2];
  planes->height = (size_t)view->shape[1];
  return 0;
}

static int resample_views(
  const Py_buffer *picture_view, const Py_buffer *planes_view, const Normalization *normalization)
{
  Picture picture;
  Planes planes;
  if (as_picture(picture_view, &picture) || as_planes(planes_view, &planes)) {
    return -1;
  }
  int failed;
  Py_BEGIN_ALLOW_THREADS
  failed = resample(&picture, &planes, normalization);
  Py_END_ALLOW_THREADS
  if (failed) {
    PyErr_NoMemory();
  }
  return failed;
}

static PyObject *py_resample(PyObject *module, PyObject *args)
{
  (void)module;
  PyObject *picture, *planes;
  Normalization n;
  if (!PyArg_ParseTuple(
      args, "OO(fff)(fff):resample", &picture, &planes, &n.scale[0], &n.scale[1], &n.scale[2],
      &n.offset[0], &n.offset[1], &n.offset[2]))
  {
    return NULL;
  }
  Py_buffer picture_view, planes_view;
  if (PyObject_GetBuffer(picture, &picture_view, PyBUF_RECORDS_RO)) {
    return NULL;
  }
  int failed = PyObject_GetBuffer(planes, &planes_view, PyBUF_RECORDS);
  if (!failed) {
    failed = resample_views(&picture_view, &planes_view, &n);
    PyBuffer_Release(&planes_view);
  }
  PyBuffer_Release(&picture_view);
  if (failed) {
    return NULL;
  }
  Py_RETURN_NONE;
}

/* Return the scores that reach the threshold as a list of (index, probability). */
static PyObject *list_of(const Score *best, size_t count, double threshold)
{
  PyObject *list = PyList_New(0);
  for (size_t i = 0; list && i < count && best[i].probability >= threshold; ++i) {
    PyObject *pair = Py_BuildValue("(nd)", (Py_ssize_t)best[i].index, best[i].probability);
    if (!pair || PyList_Append(list, pair)) {
      Py_CLEAR(list);
    }
    Py_XDECREF(pair);
  }
  return list;
}

static PyObject *top_k_of_view(const Py_buffer *view, Py_ssize_t k, double threshold)
{
  if (!has_layout(view, 1, "f") || !view->shape[0] || k < 1) {
    PyErr_SetString(PyExc_ValueError, "top_k takes float32 of shape (n,) and a k of at least 1");
    return NULL;
  }
  const size_t count = (size_t)view->shape[0];
  const size_t kept = (size_t)k < count ? (size_t)k : count;
  Score *best = PyMem_New(Score, kept);
  if (!best) {
    return PyErr_NoMemory();
  }
  const int failed = top_k(view->buf, view->strides[0], count, kept, best);
  PyObject *result = failed ? Py_NewRef(Py_None) : list_of(best, kept, threshold);
  PyMem_Free(best);
  return result;
}

static PyObject *py_top_k(PyObject *module, PyObject *args)
{
  (void)module;
  PyObject *logits;
  Py_ssize_t k;
  double threshold;
  Py_buffer view;
  if (!PyArg_ParseTuple(args, "Ond:top_k", &logits, &k, &threshold) ||
    PyObject_GetBuffer(logits, &view, PyBUF_RECORDS_RO))
  {
    return NULL;
  }
  PyObject *result = top_k_of_view(&view, k, threshold);
  PyBuffer_Release(&view);
  return result;
}

static PyMethodDef methods[] = {
  {"resample", py_resample, METH_VARARGS,
    "resample(picture, planes, scale, offset)\n--\n\n"
    "Write a picture into planes, resampled bilinearly and normalised; the lock is let go."},
  {"top_k", py_top_k, METH_VARARGS,
    "top_k(logits, k, threshold)\n--\n\n"
    "Return (index, probability) of the k best logits that reach the threshold, best first,\n"
    "or None where a logit is NaN or infinite."},
  {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
  PyModuleDef_HEAD_INIT, "_compiled", "Kernels over pixels and scores.", 0, methods,
  NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__compiled(void)
{
  return PyModuleDef_Init(&definition);
}
