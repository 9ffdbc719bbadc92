/* The calls of one frame, returning at once: what is left of a frame's time is Python's. */
#include "libdnn.h"

int32_t hbDNNInfer(
    hbDNNTaskHandle_t *task,
    hbDNNTensor **output,
    const hbDNNTensor *input,
    hbDNNHandle_t handle,
    hbDNNInferCtrlParam *control) {
  (void)output, (void)input, (void)control;
  *task = handle;
  return HB_DNN_SUCCESS;
}

int32_t hbDNNWaitTaskDone(hbDNNTaskHandle_t task, int32_t timeout_ms) {
  (void)task, (void)timeout_ms;
  return HB_DNN_SUCCESS;
}

int32_t hbDNNReleaseTask(hbDNNTaskHandle_t task) {
  (void)task;
  return HB_DNN_SUCCESS;
}

int32_t hbSysFlushMem(hbSysMem *memory, int32_t flag) {
  (void)memory, (void)flag;
  return HB_DNN_SUCCESS;
}
