/*
 * Inside the stand-in: what its parts share, and what tests may ask of it (`standin_…`).
 *
 * It stands for a board's libdnn.so where there is no board. It is stricter than the real one: the
 * CPU and the BPU see two copies of each block, brought in line by hbSysFlushMem alone, and each
 * misuse is written down for `standin_misuse`.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libdnn.h"

#define STANDIN_MAX_COLOURS 64
#define STANDIN_MAX_VALUES 4096

typedef struct {
  int32_t index;
  double yuv[3];
} Colour;

/* What a model file says; see README.md for the format. */
typedef struct {
  char name[64];
  char march[32];
  int32_t model_count;
  int32_t input_count;
  int32_t output_count;
  hbDNNTensorProperties input;
  hbDNNTensorProperties output;
  float scales[STANDIN_MAX_VALUES];
  int8_t zero_points[STANDIN_MAX_VALUES];
  uint8_t shifts[STANDIN_MAX_VALUES];
  Colour colours[STANDIN_MAX_COLOURS];
  int32_t colour_count;
  int32_t core_count;
  int64_t service_us;
  int64_t interval_us;
} Description;

/* One block of memory: `cpu` is what virAddr shows, `ddr` what the BPU reads and writes. */
typedef struct Block {
  hbSysMem memory;
  uint8_t *cpu;
  uint8_t *ddr;
  int32_t users;
  bool cleaned;
  bool freed;
  struct Block *next;
} Block;

typedef struct Bpu Bpu;

/* Guards everything but the BPU's own view of its blocks. */
extern pthread_mutex_t standin_lock;

/* checks.c: count the call; return the status that a test has ordered for it, or 0. */
int32_t standin_enter(const char *function);
void standin_note_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* memory.c, all with the lock held. */
Block *standin_find_physical(uint64_t address, uint32_t size);
void standin_end_use(Block *block);
int64_t standin_block_count(void);

/* model_file.c */
int32_t standin_read_description(FILE *file, Description *description);

/* models.c */
typedef struct Model {
  Description description;
  Bpu *bpu;
  const char *names[1];
  struct Model *next;
} Model;
Model *standin_find_model(hbDNNHandle_t handle);
int64_t standin_model_count(void);

/* bpu.c; stopping is refused (false) where tasks are left, and lets go of the lock meanwhile. */
Bpu *standin_bpu_start(int32_t core_count);
bool standin_bpu_stop(Bpu *bpu);

/* tasks.c */
int64_t standin_task_count(void);
int64_t standin_running_count(void);

/* picture.c: what the model makes of a picture, written to `output` as its properties say. */
size_t standin_luma_size(const Description *description);
void standin_classify(
    const Description *description, const uint8_t *luma, const uint8_t *chroma, uint8_t *output);

/* What tests use. */
void standin_reset(void);
const char *standin_misuse(void);
int64_t standin_count(const char *what);
void standin_fail(const char *function, int32_t after, int32_t times, int32_t status);
void standin_hold(int32_t held);
int32_t standin_last_picture(uint8_t *picture, uint32_t size);

/* checks.c, for the tasks and cores; the first two with the lock held. */
void standin_keep_control(const hbDNNInferCtrlParam *control);
void standin_wait_while_held(void);
void standin_keep_picture(const uint8_t *luma, const uint8_t *chroma, size_t luma_size);

#endif
