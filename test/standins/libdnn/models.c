/* Loaded models and what they say of their tensors. */
#include <stdlib.h>
#include <string.h>

#include "standin.h"

static Model *models;

static Model *find(const void *handle) {
  for (Model *model = models; model != NULL; model = model->next) {
    if (model == handle) {
      return model;
    }
  }
  return NULL;
}

/* Handles of packs and of models differ, so that mixing them up is seen. */
static Model *find_pack(hbPackedDNNHandle_t packed) { return find(packed); }

Model *standin_find_model(hbDNNHandle_t handle) {
  return handle == NULL ? NULL : find((const char *)handle - offsetof(Model, bpu));
}

int64_t standin_model_count(void) {
  int64_t count = 0;
  for (Model *model = models; model != NULL; model = model->next) {
    ++count;
  }
  return count;
}

const char *hbDNNGetVersion(void) {
  const char *version = getenv("STANDIN_VERSION");
  return version == NULL ? "1.23.10_(3.15.54 HBRT)" : version;
}

const char *hbDNNGetErrorDesc(int32_t code) {
  switch (code) {
    case HB_DNN_INVALID_ARGUMENT: return "invalid argument";
    case HB_DNN_INVALID_MODEL: return "invalid model";
    case HB_DNN_CAN_NOT_OPEN_FILE: return "can not open file";
    case HB_DNN_OUT_OF_MEMORY: return "out of memory";
    case HB_DNN_TIMEOUT: return "timeout";
    case HB_DNN_TASK_NUM_EXCEED_LIMIT: return "task number exceeds limit";
    case HB_DNN_INVALID_TASK_HANDLE: return "invalid task handle";
    case HB_DNN_RUN_TASK_FAILED: return "run task failed";
    case HB_DNN_MODEL_IS_RUNNING: return "model is running";
    case HB_DNN_INCOMPATIBLE_MODEL: return "incompatible model";
    case HB_SYS_OUT_OF_MEMORY: return "out of system memory";
    default: return NULL;
  }
}

static int32_t load(hbPackedDNNHandle_t *packed, FILE *file) {
  Model *model = calloc(1, sizeof *model);
  model->description.model_count = 1;
  model->description.input_count = 1;
  model->description.output_count = 1;
  model->description.core_count = 2;
  int32_t status = standin_read_description(file, &model->description);
  if (status == HB_DNN_SUCCESS && strcmp(model->description.march, "bayes-e") != 0) {
    status = HB_DNN_INCOMPATIBLE_MODEL;
  }
  if (status != HB_DNN_SUCCESS) {
    free(model);
    return status;
  }
  model->names[0] = model->description.name;
  model->bpu = standin_bpu_start(model->description.core_count);
  pthread_mutex_lock(&standin_lock);
  model->next = models;
  models = model;
  pthread_mutex_unlock(&standin_lock);
  *packed = model;
  return HB_DNN_SUCCESS;
}

int32_t hbDNNInitializeFromFiles(hbPackedDNNHandle_t *packed, const char **files, int32_t count) {
  int32_t status = standin_enter("hbDNNInitializeFromFiles");
  if (status != 0) {
    return status;
  }
  if (packed == NULL || files == NULL || count != 1) {
    return HB_DNN_INVALID_ARGUMENT;
  }
  FILE *file = fopen(files[0], "r");
  return file == NULL ? HB_DNN_CAN_NOT_OPEN_FILE : load(packed, file);
}

#ifndef STANDIN_LOADS_PATHS_ONLY
int32_t hbDNNInitializeFromDDR(
    hbPackedDNNHandle_t *packed, const void **data, int32_t *sizes, int32_t count) {
  int32_t status = standin_enter("hbDNNInitializeFromDDR");
  if (status != 0) {
    return status;
  }
  if (packed == NULL || data == NULL || sizes == NULL || count != 1 || sizes[0] <= 0) {
    return HB_DNN_INVALID_ARGUMENT;
  }
  FILE *file = fmemopen((void *)data[0], (size_t)sizes[0], "r");
  return file == NULL ? HB_DNN_INVALID_MODEL : load(packed, file);
}
#endif

int32_t hbDNNRelease(hbPackedDNNHandle_t packed) {
  int32_t status = standin_enter("hbDNNRelease");
  pthread_mutex_lock(&standin_lock);
  Model *model = find_pack(packed);
  if (model == NULL) {
    standin_note_misuse("hbDNNRelease of a model that is not loaded");
    status = HB_DNN_INVALID_PACKED_DNN_HANDLE;
  } else if (!standin_bpu_stop(model->bpu)) {
    standin_note_misuse("hbDNNRelease of a model that is running");
    status = HB_DNN_MODEL_IS_RUNNING;
  } else {
    Model **link = &models;
    while (*link != model) {
      link = &(*link)->next;
    }
    *link = model->next;
    free(model);
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

int32_t hbDNNGetModelNameList(const char ***names, int32_t *count, hbPackedDNNHandle_t packed) {
  int32_t status = standin_enter("hbDNNGetModelNameList");
  if (status != 0) {
    return status;
  }
  pthread_mutex_lock(&standin_lock);
  Model *model = find_pack(packed);
  if (model == NULL) {
    standin_note_misuse("hbDNNGetModelNameList of a model that is not loaded");
    status = HB_DNN_INVALID_PACKED_DNN_HANDLE;
  } else {
    *names = model->names;
    *count = model->description.model_count;
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

int32_t hbDNNGetModelHandle(hbDNNHandle_t *handle, hbPackedDNNHandle_t packed, const char *name) {
  int32_t status = standin_enter("hbDNNGetModelHandle");
  if (status != 0) {
    return status;
  }
  pthread_mutex_lock(&standin_lock);
  Model *model = find_pack(packed);
  if (model == NULL || strcmp(model->description.name, name) != 0) {
    standin_note_misuse("hbDNNGetModelHandle of a model that is not loaded");
    status = HB_DNN_INVALID_PACKED_DNN_HANDLE;
  } else {
    *handle = &model->bpu;
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

typedef int32_t (*Answer)(const Model *model, int32_t index, void *answer);

/* Look the model up under the lock and let `answer` fill in what was asked of it. */
static int32_t ask(
    const char *function, hbDNNHandle_t handle, int32_t index, Answer answer, void *result) {
  int32_t status = standin_enter(function);
  if (status != 0) {
    return status;
  }
  pthread_mutex_lock(&standin_lock);
  Model *model = standin_find_model(handle);
  if (model == NULL) {
    standin_note_misuse("%s of a model that is not loaded", function);
    status = HB_DNN_INVALID_DNN_HANDLE;
  } else {
    status = answer(model, index, result);
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

static int32_t input_count(const Model *model, int32_t index, void *answer) {
  (void)index;
  *(int32_t *)answer = model->description.input_count;
  return HB_DNN_SUCCESS;
}

static int32_t output_count(const Model *model, int32_t index, void *answer) {
  (void)index;
  *(int32_t *)answer = model->description.output_count;
  return HB_DNN_SUCCESS;
}

static int32_t input_name(const Model *model, int32_t index, void *answer) {
  *(const char **)answer = "data";
  return index < model->description.input_count ? HB_DNN_SUCCESS : HB_DNN_INVALID_ARGUMENT;
}

static int32_t output_name(const Model *model, int32_t index, void *answer) {
  *(const char **)answer = "prob";
  return index < model->description.output_count ? HB_DNN_SUCCESS : HB_DNN_INVALID_ARGUMENT;
}

static int32_t input_properties(const Model *model, int32_t index, void *answer) {
  *(hbDNNTensorProperties *)answer = model->description.input;
  return index < model->description.input_count ? HB_DNN_SUCCESS : HB_DNN_INVALID_ARGUMENT;
}

static int32_t output_properties(const Model *model, int32_t index, void *answer) {
  *(hbDNNTensorProperties *)answer = model->description.output;
  return index < model->description.output_count ? HB_DNN_SUCCESS : HB_DNN_INVALID_ARGUMENT;
}

int32_t hbDNNGetInputCount(int32_t *count, hbDNNHandle_t handle) {
  return ask("hbDNNGetInputCount", handle, 0, input_count, count);
}

int32_t hbDNNGetOutputCount(int32_t *count, hbDNNHandle_t handle) {
  return ask("hbDNNGetOutputCount", handle, 0, output_count, count);
}

int32_t hbDNNGetInputName(const char **name, hbDNNHandle_t handle, int32_t index) {
  return ask("hbDNNGetInputName", handle, index, input_name, name);
}

int32_t hbDNNGetOutputName(const char **name, hbDNNHandle_t handle, int32_t index) {
  return ask("hbDNNGetOutputName", handle, index, output_name, name);
}

int32_t hbDNNGetInputTensorProperties(
    hbDNNTensorProperties *properties, hbDNNHandle_t handle, int32_t index) {
  return ask("hbDNNGetInputTensorProperties", handle, index, input_properties, properties);
}

int32_t hbDNNGetOutputTensorProperties(
    hbDNNTensorProperties *properties, hbDNNHandle_t handle, int32_t index) {
  return ask("hbDNNGetOutputTensorProperties", handle, index, output_properties, properties);
}
