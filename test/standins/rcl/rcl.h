#ifndef RCL_STANDIN_H_
#define RCL_STANDIN_H_

#include "inlet.h"

/* A subscription whose history the test fills. */
typedef struct Subscription Subscription;

/* Make a subscription that keeps so many messages; it is never freed. */
Subscription *standin_subscribe(size_t depth);

/* Let a message arrive, as the middleware's thread does. */
void standin_arrive(
  Subscription *subscription, const uint8_t *bytes, size_t length, uint64_t number);

/* Let every further call fail with an error number, 0 for none. */
void standin_fail(Subscription *subscription, int error);

int standin_take(
  const void *subscription, RclSerializedMessage *message, RclMessageInfo *info,
  void *allocation);

int standin_set_callback(
  const void *subscription, void (*callback)(const void *user_data, size_t count),
  const void *user_data);

void standin_reset_error(void);

#endif  // RCL_STANDIN_H_
