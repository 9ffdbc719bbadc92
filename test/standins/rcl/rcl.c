#include "rcl.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 8 };

typedef struct {
  uint8_t *bytes;
  size_t length;
  uint64_t number;
} Kept;

struct Subscription {
  pthread_mutex_t mutex;
  Kept kept[DEPTH];
  size_t count, depth;
  void (*callback)(const void *user_data, size_t count);
  const void *user_data;
  int error;
};

static void drop_oldest(Subscription *subscription)
{
  free(subscription->kept[0].bytes);
  --subscription->count;
  memmove(
    subscription->kept, subscription->kept + 1, subscription->count * sizeof subscription->kept[0]);
}

Subscription *standin_subscribe(size_t depth)
{
  Subscription *subscription = calloc(1, sizeof *subscription);
  pthread_mutex_init(&subscription->mutex, NULL);
  subscription->depth = depth < DEPTH ? depth : DEPTH;
  return subscription;
}

void standin_arrive(
  Subscription *subscription, const uint8_t *bytes, size_t length, uint64_t number)
{
  pthread_mutex_lock(&subscription->mutex);
  if (subscription->count == subscription->depth) {
    drop_oldest(subscription);
  }
  Kept *kept = &subscription->kept[subscription->count++];
  *kept = (Kept) {malloc(length), length, number};
  memcpy(kept->bytes, bytes, length);
  if (subscription->callback) {
    subscription->callback(subscription->user_data, 1);
  }
  pthread_mutex_unlock(&subscription->mutex);
}

void standin_fail(Subscription *subscription, int error)
{
  subscription->error = error;
}

/* Lay a message into the caller's, whose memory grows as rcutils lets it. */
static void give(const Kept *kept, RclSerializedMessage *message)
{
  if (message->capacity < kept->length) {
    message->buffer =
      message->allocator.reallocate(message->buffer, kept->length, message->allocator.state);
    message->capacity = kept->length;
  }
  memcpy(message->buffer, kept->bytes, kept->length);
  message->length = kept->length;
}

int standin_take(
  const void *of, RclSerializedMessage *message, RclMessageInfo *info, void *allocation)
{
  (void)allocation;
  Subscription *subscription = (Subscription *)of;
  memset(info, 0, sizeof *info);
  if (subscription->error) {
    return subscription->error;
  }
  pthread_mutex_lock(&subscription->mutex);
  const int is_empty = !subscription->count;
  if (!is_empty) {
    give(&subscription->kept[0], message);
    info->publication_sequence_number = subscription->kept[0].number;
    memcpy(info->publisher, "stand-in", 8);
    drop_oldest(subscription);
  }
  pthread_mutex_unlock(&subscription->mutex);
  return is_empty ? RCL_TAKE_FAILED : RCL_OK;
}

int standin_set_callback(
  const void *of, void (*callback)(const void *user_data, size_t count), const void *user_data)
{
  Subscription *subscription = (Subscription *)of;
  if (subscription->error) {
    return subscription->error;
  }
  pthread_mutex_lock(&subscription->mutex);
  if (callback && subscription->count) {
    callback(user_data, subscription->count);
  }
  subscription->callback = callback;
  subscription->user_data = user_data;
  pthread_mutex_unlock(&subscription->mutex);
  return RCL_OK;
}

void standin_reset_error(void)
{
}
