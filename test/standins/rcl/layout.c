/* Compiles where what is taken from rcl without its headers is laid out as in them. */
#include <rcl/subscription.h>

#include "inlet.h"

#define SAME_PLACE(own, field, theirs, their_field) \
  _Static_assert(offsetof(own, field) == offsetof(theirs, their_field), #field)

SAME_PLACE(RclAllocator, allocate, rcutils_allocator_t, allocate);
SAME_PLACE(RclAllocator, deallocate, rcutils_allocator_t, deallocate);
SAME_PLACE(RclAllocator, reallocate, rcutils_allocator_t, reallocate);
SAME_PLACE(RclAllocator, zero_allocate, rcutils_allocator_t, zero_allocate);
SAME_PLACE(RclAllocator, state, rcutils_allocator_t, state);
SAME_PLACE(RclSerializedMessage, buffer, rcl_serialized_message_t, buffer);
SAME_PLACE(RclSerializedMessage, length, rcl_serialized_message_t, buffer_length);
SAME_PLACE(RclSerializedMessage, capacity, rcl_serialized_message_t, buffer_capacity);
SAME_PLACE(RclSerializedMessage, allocator, rcl_serialized_message_t, allocator);
SAME_PLACE(
  RclMessageInfo, publication_sequence_number, rmw_message_info_t, publication_sequence_number);
SAME_PLACE(RclMessageInfo, publisher, rmw_message_info_t, publisher_gid.data);

_Static_assert(sizeof(RclSerializedMessage) == sizeof(rcl_serialized_message_t), "message");
_Static_assert(sizeof(RclMessageInfo) >= sizeof(rmw_message_info_t), "room for the info");
_Static_assert(PUBLISHER_BYTES <= RMW_GID_STORAGE_SIZE, "publisher");
_Static_assert(RCL_OK == RCL_RET_OK, "success");
_Static_assert(RCL_TAKE_FAILED == RCL_RET_SUBSCRIPTION_TAKE_FAILED, "nothing to take");

/* Signatures: a mismatch is a warning, and here an error. */
int (*const take)(
  const rcl_subscription_t *, rcl_serialized_message_t *, rmw_message_info_t *,
  rmw_subscription_allocation_t *) = rcl_take_serialized_message;
int (*const set_callback)(
  const rcl_subscription_t *, void (*)(const void *, size_t), const void *) =
  rcl_subscription_set_on_new_message_callback;
