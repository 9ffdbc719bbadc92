/*
 * The part of the RDK X5's BPU library that this project uses, written from its public
 * documentation ("data types and structures" and "model inference API" for X3 and X5).
 */
#ifndef LIBDNN_H
#define LIBDNN_H

#include <stdint.h>

#define HB_DNN_TENSOR_MAX_DIMENSIONS 8
#define HB_DNN_MAX_TASKS 32

typedef void *hbPackedDNNHandle_t;
typedef void *hbDNNHandle_t;
typedef void *hbDNNTaskHandle_t;

enum { HB_DNN_LAYOUT_NHWC = 0, HB_DNN_LAYOUT_NCHW = 2, HB_DNN_LAYOUT_NONE = 255 };

enum {
  HB_DNN_IMG_TYPE_Y,
  HB_DNN_IMG_TYPE_NV12,
  HB_DNN_IMG_TYPE_NV12_SEPARATE,
  HB_DNN_IMG_TYPE_YUV444,
  HB_DNN_IMG_TYPE_RGB,
  HB_DNN_IMG_TYPE_BGR,
  HB_DNN_TENSOR_TYPE_S4,
  HB_DNN_TENSOR_TYPE_U4,
  HB_DNN_TENSOR_TYPE_S8,
  HB_DNN_TENSOR_TYPE_U8,
  HB_DNN_TENSOR_TYPE_F16,
  HB_DNN_TENSOR_TYPE_S16,
  HB_DNN_TENSOR_TYPE_U16,
  HB_DNN_TENSOR_TYPE_F32,
  HB_DNN_TENSOR_TYPE_S32,
  HB_DNN_TENSOR_TYPE_U32,
  HB_DNN_TENSOR_TYPE_F64,
  HB_DNN_TENSOR_TYPE_S64,
  HB_DNN_TENSOR_TYPE_U64,
  HB_DNN_TENSOR_TYPE_MAX
};

enum { HB_DNN_QUANTI_NONE, HB_DNN_QUANTI_SHIFT, HB_DNN_QUANTI_SCALE };
enum { HB_BPU_CORE_ANY, HB_BPU_CORE_0, HB_BPU_CORE_1 };
enum { HB_SYS_MEM_CACHE_INVALIDATE = 1, HB_SYS_MEM_CACHE_CLEAN = 2 };

enum {
  HB_DNN_SUCCESS = 0,
  HB_DNN_INVALID_ARGUMENT = -6000001,
  HB_DNN_INVALID_MODEL = -6000002,
  HB_DNN_INVALID_PACKED_DNN_HANDLE = -6000004,
  HB_DNN_INVALID_DNN_HANDLE = -6000005,
  HB_DNN_CAN_NOT_OPEN_FILE = -6000006,
  HB_DNN_OUT_OF_MEMORY = -6000007,
  HB_DNN_TIMEOUT = -6000008,
  HB_DNN_TASK_NUM_EXCEED_LIMIT = -6000009,
  HB_DNN_INVALID_TASK_HANDLE = -6000011,
  HB_DNN_RUN_TASK_FAILED = -6000012,
  HB_DNN_MODEL_IS_RUNNING = -6000013,
  HB_DNN_INCOMPATIBLE_MODEL = -6000014,
  HB_SYS_INVALID_ARGUMENT = -6000129,
  HB_SYS_OUT_OF_MEMORY = -6000130
};

typedef struct {
  uint64_t phyAddr;
  void *virAddr;
  uint32_t memSize;
} hbSysMem;

typedef struct {
  int32_t dimensionSize[HB_DNN_TENSOR_MAX_DIMENSIONS];
  int32_t numDimensions;
} hbDNNTensorShape;

typedef struct {
  int32_t shiftLen;
  uint8_t *shiftData;
} hbDNNQuantiShift;

typedef struct {
  int32_t scaleLen;
  float *scaleData;
  int32_t zeroPointLen;
  int8_t *zeroPointData;
} hbDNNQuantiScale;

typedef struct {
  hbDNNTensorShape validShape;
  hbDNNTensorShape alignedShape;
  int32_t tensorLayout;
  int32_t tensorType;
  hbDNNQuantiShift shift;
  hbDNNQuantiScale scale;
  int32_t quantiType;
  int32_t quantizeAxis;
  int32_t alignedByteSize;
  int32_t stride[HB_DNN_TENSOR_MAX_DIMENSIONS];
} hbDNNTensorProperties;

typedef struct {
  hbSysMem sysMem[4];
  hbDNNTensorProperties properties;
} hbDNNTensor;

typedef struct {
  int32_t bpuCoreId;
  int32_t dspCoreId;
  int32_t priority;
  int32_t more;
  int64_t customId;
  int32_t reserved1;
  int32_t reserved2;
} hbDNNInferCtrlParam;

const char *hbDNNGetVersion(void);
const char *hbDNNGetErrorDesc(int32_t code);

int32_t hbDNNInitializeFromFiles(hbPackedDNNHandle_t *packed, const char **files, int32_t count);
int32_t hbDNNInitializeFromDDR(
    hbPackedDNNHandle_t *packed, const void **data, int32_t *sizes, int32_t count);
int32_t hbDNNRelease(hbPackedDNNHandle_t packed);
int32_t hbDNNGetModelNameList(const char ***names, int32_t *count, hbPackedDNNHandle_t packed);
int32_t hbDNNGetModelHandle(hbDNNHandle_t *handle, hbPackedDNNHandle_t packed, const char *name);

int32_t hbDNNGetInputCount(int32_t *count, hbDNNHandle_t handle);
int32_t hbDNNGetOutputCount(int32_t *count, hbDNNHandle_t handle);
int32_t hbDNNGetInputName(const char **name, hbDNNHandle_t handle, int32_t index);
int32_t hbDNNGetOutputName(const char **name, hbDNNHandle_t handle, int32_t index);
int32_t hbDNNGetInputTensorProperties(
    hbDNNTensorProperties *properties, hbDNNHandle_t handle, int32_t index);
int32_t hbDNNGetOutputTensorProperties(
    hbDNNTensorProperties *properties, hbDNNHandle_t handle, int32_t index);

int32_t hbDNNInfer(
    hbDNNTaskHandle_t *task,
    hbDNNTensor **output,
    const hbDNNTensor *input,
    hbDNNHandle_t handle,
    hbDNNInferCtrlParam *control);
int32_t hbDNNWaitTaskDone(hbDNNTaskHandle_t task, int32_t timeout_ms);
int32_t hbDNNReleaseTask(hbDNNTaskHandle_t task);

int32_t hbSysAllocCachedMem(hbSysMem *memory, uint32_t size);
int32_t hbSysFreeMem(hbSysMem *memory);
int32_t hbSysFlushMem(hbSysMem *memory, int32_t flag);

#endif
