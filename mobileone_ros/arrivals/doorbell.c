#include "doorbell.h"

int doorbell_init(Doorbell *doorbell)
{
  doorbell->latest = NULL;
  doorbell->unnoticed = 0;
  return pthread_mutex_init(&doorbell->mutex, NULL);
}

void doorbell_destroy(Doorbell *doorbell)
{
  pthread_mutex_destroy(&doorbell->mutex);
}

int doorbell_enlist(Doorbell *doorbell, Sleeper *sleeper)
{
  pthread_mutex_lock(&doorbell->mutex);
  const int may_sleep = !doorbell->unnoticed;
  if (may_sleep) {
    sem_init(&sleeper->woken, 0, 0);
    sleeper->next = doorbell->latest;
    doorbell->latest = sleeper;
  }
  pthread_mutex_unlock(&doorbell->mutex);
  return may_sleep;
}

void doorbell_sleep(Sleeper *sleeper)
{
  while (sem_wait(&sleeper->woken)) {
    /* A signal came between. */
  }
  sem_destroy(&sleeper->woken);
}

void doorbell_delist(Doorbell *doorbell, Sleeper *sleeper)
{
  pthread_mutex_lock(&doorbell->mutex);
  Sleeper **link = &doorbell->latest;
  while (*link && *link != sleeper) {
    link = &(*link)->next;
  }
  const int was_listed = *link != NULL;
  if (was_listed) {
    *link = sleeper->next;
  }
  pthread_mutex_unlock(&doorbell->mutex);
  if (was_listed) {
    sem_destroy(&sleeper->woken);
  } else {
    /* Whoever took it off is about to wake it. */
    doorbell_sleep(sleeper);
  }
}

void doorbell_wake_one(Doorbell *doorbell)
{
  pthread_mutex_lock(&doorbell->mutex);
  Sleeper *sleeper = doorbell->latest;
  if (sleeper) {
    doorbell->latest = sleeper->next;
  }
  pthread_mutex_unlock(&doorbell->mutex);
  if (sleeper) {
    sem_post(&sleeper->woken);
  }
}

void doorbell_wake_all(Doorbell *doorbell)
{
  pthread_mutex_lock(&doorbell->mutex);
  Sleeper *sleeper = doorbell->latest;
  doorbell->latest = NULL;
  pthread_mutex_unlock(&doorbell->mutex);
  while (sleeper) {
    Sleeper *next = sleeper->next;
    sem_post(&sleeper->woken);
    sleeper = next;
  }
}
