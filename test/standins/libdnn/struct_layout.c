/* Print "name size" of each structure, "name.field offset" of its fields, "name value" of enums. */
#include <stddef.h>
#include <stdio.h>

#include "libdnn.h"

#define STRUCTURE(name) printf(#name " %zu\n", sizeof(name))
#define FIELD(name, field) printf(#name "." #field " %zu\n", offsetof(name, field))
#define CONSTANT(name) printf(#name " %d\n", (int)name)

int main(void) {
  STRUCTURE(hbSysMem);
  FIELD(hbSysMem, phyAddr);
  FIELD(hbSysMem, virAddr);
  FIELD(hbSysMem, memSize);
  STRUCTURE(hbDNNTensorShape);
  FIELD(hbDNNTensorShape, dimensionSize);
  FIELD(hbDNNTensorShape, numDimensions);
  STRUCTURE(hbDNNQuantiShift);
  FIELD(hbDNNQuantiShift, shiftLen);
  FIELD(hbDNNQuantiShift, shiftData);
  STRUCTURE(hbDNNQuantiScale);
  FIELD(hbDNNQuantiScale, scaleLen);
  FIELD(hbDNNQuantiScale, scaleData);
  FIELD(hbDNNQuantiScale, zeroPointLen);
  FIELD(hbDNNQuantiScale, zeroPointData);
  STRUCTURE(hbDNNTensorProperties);
  FIELD(hbDNNTensorProperties, validShape);
  FIELD(hbDNNTensorProperties, alignedShape);
  FIELD(hbDNNTensorProperties, tensorLayout);
  FIELD(hbDNNTensorProperties, tensorType);
  FIELD(hbDNNTensorProperties, shift);
  FIELD(hbDNNTensorProperties, scale);
  FIELD(hbDNNTensorProperties, quantiType);
  FIELD(hbDNNTensorProperties, quantizeAxis);
  FIELD(hbDNNTensorProperties, alignedByteSize);
  FIELD(hbDNNTensorProperties, stride);
  STRUCTURE(hbDNNTensor);
  FIELD(hbDNNTensor, sysMem);
  FIELD(hbDNNTensor, properties);
  STRUCTURE(hbDNNInferCtrlParam);
  FIELD(hbDNNInferCtrlParam, bpuCoreId);
  FIELD(hbDNNInferCtrlParam, dspCoreId);
  FIELD(hbDNNInferCtrlParam, priority);
  FIELD(hbDNNInferCtrlParam, more);
  FIELD(hbDNNInferCtrlParam, customId);
  FIELD(hbDNNInferCtrlParam, reserved1);
  FIELD(hbDNNInferCtrlParam, reserved2);
  CONSTANT(HB_DNN_LAYOUT_NHWC);
  CONSTANT(HB_DNN_LAYOUT_NCHW);
  CONSTANT(HB_DNN_LAYOUT_NONE);
  CONSTANT(HB_DNN_IMG_TYPE_Y);
  CONSTANT(HB_DNN_IMG_TYPE_NV12);
  CONSTANT(HB_DNN_IMG_TYPE_NV12_SEPARATE);
  CONSTANT(HB_DNN_IMG_TYPE_YUV444);
  CONSTANT(HB_DNN_IMG_TYPE_RGB);
  CONSTANT(HB_DNN_IMG_TYPE_BGR);
  CONSTANT(HB_DNN_TENSOR_TYPE_S4);
  CONSTANT(HB_DNN_TENSOR_TYPE_U4);
  CONSTANT(HB_DNN_TENSOR_TYPE_S8);
  CONSTANT(HB_DNN_TENSOR_TYPE_U8);
  CONSTANT(HB_DNN_TENSOR_TYPE_F16);
  CONSTANT(HB_DNN_TENSOR_TYPE_S16);
  CONSTANT(HB_DNN_TENSOR_TYPE_U16);
  CONSTANT(HB_DNN_TENSOR_TYPE_F32);
  CONSTANT(HB_DNN_TENSOR_TYPE_S32);
  CONSTANT(HB_DNN_TENSOR_TYPE_U32);
  CONSTANT(HB_DNN_TENSOR_TYPE_F64);
  CONSTANT(HB_DNN_TENSOR_TYPE_S64);
  CONSTANT(HB_DNN_TENSOR_TYPE_U64);
  CONSTANT(HB_DNN_QUANTI_NONE);
  CONSTANT(HB_DNN_QUANTI_SHIFT);
  CONSTANT(HB_DNN_QUANTI_SCALE);
  CONSTANT(HB_SYS_MEM_CACHE_INVALIDATE);
  CONSTANT(HB_SYS_MEM_CACHE_CLEAN);
  CONSTANT(HB_DNN_TIMEOUT);
  CONSTANT(HB_DNN_TENSOR_MAX_DIMENSIONS);
  CONSTANT(HB_DNN_MAX_TASKS);
  return 0;
}
