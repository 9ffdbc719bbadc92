/* Read a model description: a line a property, as README.md lists them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "standin.h"

#define MAGIC "STANDIN-MODEL"

typedef struct {
  char *cursor;
} Words;

static bool next_number(Words *words, double *number) {
  char *end;
  *number = strtod(words->cursor, &end);
  bool found = end != words->cursor;
  words->cursor = end;
  return found;
}

static int32_t one_integer(Words words) {
  double number = 0;
  next_number(&words, &number);
  return (int32_t)number;
}

static void read_shape(Words words, hbDNNTensorShape *shape) {
  double extent;
  shape->numDimensions = 0;
  while (shape->numDimensions < HB_DNN_TENSOR_MAX_DIMENSIONS && next_number(&words, &extent)) {
    shape->dimensionSize[shape->numDimensions++] = (int32_t)extent;
  }
}

static int32_t read_numbers(Words words, double *numbers) {
  int32_t count = 0;
  while (count < STANDIN_MAX_VALUES && next_number(&words, &numbers[count])) {
    ++count;
  }
  return count;
}

static void read_scales(Words words, hbDNNQuantiScale *scale, float *values) {
  double numbers[STANDIN_MAX_VALUES];
  scale->scaleData = values;
  scale->scaleLen = read_numbers(words, numbers);
  for (int32_t i = 0; i < scale->scaleLen; ++i) {
    values[i] = (float)numbers[i];
  }
}

static void read_zero_points(Words words, hbDNNQuantiScale *scale, int8_t *values) {
  double numbers[STANDIN_MAX_VALUES];
  scale->zeroPointData = values;
  scale->zeroPointLen = read_numbers(words, numbers);
  for (int32_t i = 0; i < scale->zeroPointLen; ++i) {
    values[i] = (int8_t)numbers[i];
  }
}

static void read_shifts(Words words, hbDNNQuantiShift *shift, uint8_t *values) {
  double numbers[STANDIN_MAX_VALUES];
  shift->shiftData = values;
  shift->shiftLen = read_numbers(words, numbers);
  for (int32_t i = 0; i < shift->shiftLen; ++i) {
    values[i] = (uint8_t)numbers[i];
  }
}

static void read_colour(Words words, Description *description) {
  if (description->colour_count < STANDIN_MAX_COLOURS) {
    Colour *colour = &description->colours[description->colour_count++];
    double index = 0;
    next_number(&words, &index);
    colour->index = (int32_t)index;
    for (int i = 0; i < 3; ++i) {
      next_number(&words, &colour->yuv[i]);
    }
  }
}

/* Do what a hostile or broken file could have the library do. */
static void misbehave(Words words) {
  char how[16] = "", from[256] = "", to[256] = "";
  sscanf(words.cursor, "%15s %255s %255s", how, from, to);
  if (strcmp(how, "moves") == 0) {
    rename(from, to);
  } else if (strcmp(how, "aborts") == 0) {
    abort();
  } else if (strcmp(how, "crashes") == 0) {
    raise(SIGSEGV);
  }
  while (strcmp(how, "hangs") == 0) {
    pause();
  }
}

/* Set the property that `key` names of one tensor; return false where there is none. */
static bool set_tensor_property(
    const char *key, Words words, hbDNNTensorProperties *tensor, Description *description) {
  if (strcmp(key, "type") == 0) {
    tensor->tensorType = one_integer(words);
  } else if (strcmp(key, "layout") == 0) {
    tensor->tensorLayout = one_integer(words);
  } else if (strcmp(key, "valid") == 0) {
    read_shape(words, &tensor->validShape);
  } else if (strcmp(key, "aligned") == 0) {
    read_shape(words, &tensor->alignedShape);
  } else if (strcmp(key, "dimensions") == 0) {
    tensor->validShape.numDimensions = one_integer(words);
  } else if (strcmp(key, "bytes") == 0) {
    tensor->alignedByteSize = one_integer(words);
  } else if (strcmp(key, "quanti") == 0) {
    tensor->quantiType = one_integer(words);
  } else if (strcmp(key, "axis") == 0) {
    tensor->quantizeAxis = one_integer(words);
  } else if (strcmp(key, "scale") == 0) {
    read_scales(words, &tensor->scale, description->scales);
  } else if (strcmp(key, "zero") == 0) {
    read_zero_points(words, &tensor->scale, description->zero_points);
  } else if (strcmp(key, "shift") == 0) {
    read_shifts(words, &tensor->shift, description->shifts);
  } else {
    return false;
  }
  return true;
}

static bool set_property(const char *key, Words words, Description *description) {
  if (strncmp(key, "input.", 6) == 0) {
    return set_tensor_property(key + 6, words, &description->input, description);
  }
  if (strncmp(key, "output.", 7) == 0) {
    return set_tensor_property(key + 7, words, &description->output, description);
  }
  if (strcmp(key, "name") == 0) {
    sscanf(words.cursor, "%63s", description->name);
  } else if (strcmp(key, "march") == 0) {
    sscanf(words.cursor, "%31s", description->march);
  } else if (strcmp(key, "models") == 0) {
    description->model_count = one_integer(words);
  } else if (strcmp(key, "inputs") == 0) {
    description->input_count = one_integer(words);
  } else if (strcmp(key, "outputs") == 0) {
    description->output_count = one_integer(words);
  } else if (strcmp(key, "cores") == 0) {
    description->core_count = one_integer(words);
  } else if (strcmp(key, "service_us") == 0) {
    description->service_us = one_integer(words);
  } else if (strcmp(key, "interval_us") == 0) {
    description->interval_us = one_integer(words);
  } else if (strcmp(key, "class") == 0) {
    read_colour(words, description);
  } else if (strcmp(key, "load") == 0) {
    misbehave(words);
  } else {
    return false;
  }
  return true;
}

/* Read a description from `file`, and close it. */
int32_t standin_read_description(FILE *file, Description *description) {
  char *line = NULL;
  size_t capacity = 0;
  int32_t status = HB_DNN_INVALID_MODEL;
  if (getline(&line, &capacity, file) > 0 && strncmp(line, MAGIC, strlen(MAGIC)) == 0) {
    status = HB_DNN_SUCCESS;
    while (status == HB_DNN_SUCCESS && getline(&line, &capacity, file) > 0) {
      char key[32];
      int length = 0;
      if (sscanf(line, "%31s%n", key, &length) == 1
          && !set_property(key, (Words){line + length}, description)) {
        status = HB_DNN_INVALID_MODEL;
      }
    }
  }
  free(line);
  fclose(file);
  return status;
}
