#ifndef MOBILEONE_ROS__ARRIVALS__INLET_H_
#define MOBILEONE_ROS__ARRIVALS__INLET_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doorbell.h"

/* What of rcl is called, and of its types what that needs; the same from Humble on. */
typedef struct {
  void *(*allocate)(size_t size, void *state);
  void (*deallocate)(void *memory, void *state);
  void *(*reallocate)(void *memory, size_t size, void *state);
  void *(*zero_allocate)(size_t count, size_t size, void *state);
  void *state;
} RclAllocator;

typedef struct {
  uint8_t *buffer;
  size_t length, capacity;
  RclAllocator allocator;
} RclSerializedMessage;

enum { PUBLISHER_BYTES = 16 };

/* A DDS identifier has 16 bytes; Humble has room for 24. */
typedef struct {
  int64_t source_timestamp, received_timestamp;
  uint64_t publication_sequence_number, reception_sequence_number;
  const char *implementation_identifier;
  uint8_t publisher[PUBLISHER_BYTES];
  uint8_t rest[64];
} RclMessageInfo;

typedef struct {
  int (*take)(
    const void *subscription, RclSerializedMessage *message, RclMessageInfo *info,
    void *allocation);
  int (*set_callback)(
    const void *subscription, void (*callback)(const void *user_data, size_t count),
    const void *user_data);
  void (*reset_error)(void);
} Rcl;

enum { RCL_OK = 0, RCL_TAKE_FAILED = 401 };

/* The messages of a subscription where the middleware keeps them, and a count of those. */
typedef struct {
  Doorbell *doorbell;
  Rcl rcl;
  pthread_mutex_t taking;
  const void *subscription;
  bool newest_only;
  /* Guarded by the doorbell's mutex. */
  size_t unnoticed, arrived;
  int64_t arrived_at_ns;
} Inlet;

/* Make an inlet without a subscription ready. Return 0, or an error number. */
int inlet_init(Inlet *inlet, Doorbell *doorbell, const Rcl *rcl);

/* Free what `inlet_init` took, detaching first. */
void inlet_destroy(Inlet *inlet);

/*
 * Ring the doorbell for every message of a subscription from now on, those that wait included.
 *
 * `newest_only` says that it keeps one message. Return what rcl returns.
 */
int inlet_attach(Inlet *inlet, const void *subscription, bool newest_only);

/* Ring no more; messages can still be taken. */
void inlet_silence(Inlet *inlet);

/* Forget the subscription, once nobody takes from it. */
void inlet_detach(Inlet *inlet);

/* Return how many messages came since the last call, and when the last of them did. */
size_t inlet_notice(Inlet *inlet, int64_t *arrived_at_ns);

/*
 * Take the newest message, and drop those before it.
 *
 * The buffer may grow by the message's allocator. Return what rcl returns, RCL_TAKE_FAILED where
 * there is none or no subscription.
 */
int inlet_take(Inlet *inlet, RclSerializedMessage *message, RclMessageInfo *info);

#endif  // MOBILEONE_ROS__ARRIVALS__INLET_H_
