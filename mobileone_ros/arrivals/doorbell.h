#ifndef MOBILEONE_ROS__ARRIVALS__DOORBELL_H_
#define MOBILEONE_ROS__ARRIVALS__DOORBELL_H_

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

/* A thread that waits; it lives on that thread's stack. */
typedef struct Sleeper {
  sem_t woken;
  struct Sleeper *next;
} Sleeper;

/*
 * Wakes threads that wait for messages: who fell asleep last is woken first, and nobody falls
 * asleep while a message is unnoticed.
 */
typedef struct {
  pthread_mutex_t mutex;
  Sleeper *latest;
  size_t unnoticed;
} Doorbell;

/* Make a doorbell ready. Return 0, or an error number. */
int doorbell_init(Doorbell *doorbell);

/* Free what `doorbell_init` took; nobody may wait. */
void doorbell_destroy(Doorbell *doorbell);

/* Put a sleeper on the list. Return 1, or 0 where a message is unnoticed. */
int doorbell_enlist(Doorbell *doorbell, Sleeper *sleeper);

/* Sleep until woken; the sleeper is on the list before and off it after. */
void doorbell_sleep(Sleeper *sleeper);

/* Take a sleeper off the list again, without sleeping for long. */
void doorbell_delist(Doorbell *doorbell, Sleeper *sleeper);

/* Wake the thread that fell asleep last, if any sleeps. */
void doorbell_wake_one(Doorbell *doorbell);

/* Wake every thread. */
void doorbell_wake_all(Doorbell *doorbell);

#endif  // MOBILEONE_ROS__ARRIVALS__DOORBELL_H_
