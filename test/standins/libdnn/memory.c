/* Blocks that the CPU and the BPU share, each with a cache that is not coherent. */
#include <stdlib.h>
#include <string.h>

#include "standin.h"

#define FIRST_ADDRESS 0x80000000u
#define PAGE 4096u

static Block *blocks;
static uint64_t next_address = FIRST_ADDRESS;

static Block *find_virtual(const hbSysMem *memory) {
  for (Block *block = blocks; block != NULL; block = block->next) {
    if (!block->freed && block->memory.virAddr == memory->virAddr) {
      return block->memory.phyAddr == memory->phyAddr ? block : NULL;
    }
  }
  return NULL;
}

static void destroy(Block *block) {
  Block **link = &blocks;
  while (*link != block) {
    link = &(*link)->next;
  }
  *link = block->next;
  free(block->cpu);
  free(block->ddr);
  free(block);
}

Block *standin_find_physical(uint64_t address, uint32_t size) {
  for (Block *block = blocks; block != NULL; block = block->next) {
    if (!block->freed && block->memory.phyAddr == address) {
      return block->memory.memSize >= size ? block : NULL;
    }
  }
  return NULL;
}

void standin_end_use(Block *block) {
  --block->users;
  if (block->users == 0 && block->freed) {
    destroy(block);
  }
}

int64_t standin_block_count(void) {
  int64_t count = 0;
  for (Block *block = blocks; block != NULL; block = block->next) {
    count += !block->freed;
  }
  return count;
}

int32_t hbSysAllocCachedMem(hbSysMem *memory, uint32_t size) {
  int32_t status = standin_enter("hbSysAllocCachedMem");
  if (status != 0) {
    return status;
  }
  if (memory == NULL || size == 0) {
    return HB_SYS_INVALID_ARGUMENT;
  }
  Block *block = calloc(1, sizeof *block);
  block->cpu = malloc(size);
  block->ddr = malloc(size);
  memset(block->cpu, 0xA5, size);
  memset(block->ddr, 0x5A, size);
  pthread_mutex_lock(&standin_lock);
  block->memory.phyAddr = next_address;
  block->memory.virAddr = block->cpu;
  block->memory.memSize = size;
  next_address += (size / PAGE + 1) * PAGE;
  block->next = blocks;
  blocks = block;
  pthread_mutex_unlock(&standin_lock);
  *memory = block->memory;
  return HB_DNN_SUCCESS;
}

int32_t hbSysFreeMem(hbSysMem *memory) {
  int32_t status = standin_enter("hbSysFreeMem");
  pthread_mutex_lock(&standin_lock);
  Block *block = memory == NULL ? NULL : find_virtual(memory);
  if (block == NULL) {
    standin_note_misuse("hbSysFreeMem of a block that is not allocated");
    status = HB_SYS_INVALID_ARGUMENT;
  } else if (block->users > 0) {
    standin_note_misuse("hbSysFreeMem of a block that the BPU is using");
    block->freed = true;
  } else {
    destroy(block);
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

int32_t hbSysFlushMem(hbSysMem *memory, int32_t flag) {
  int32_t status = standin_enter("hbSysFlushMem");
  if (status != 0) {
    return status;
  }
  pthread_mutex_lock(&standin_lock);
  Block *block = memory == NULL ? NULL : find_virtual(memory);
  if (block == NULL) {
    standin_note_misuse("hbSysFlushMem of a block that is not allocated");
    status = HB_SYS_INVALID_ARGUMENT;
  } else if (block->users > 0) {
    standin_note_misuse("hbSysFlushMem of a block that the BPU is using");
  } else if (flag == HB_SYS_MEM_CACHE_CLEAN) {
    memcpy(block->ddr, block->cpu, block->memory.memSize);
    block->cleaned = true;
  } else if (flag == HB_SYS_MEM_CACHE_INVALIDATE) {
    memcpy(block->cpu, block->ddr, block->memory.memSize);
  } else {
    standin_note_misuse("hbSysFlushMem with flag %d", flag);
    status = HB_SYS_INVALID_ARGUMENT;
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}
