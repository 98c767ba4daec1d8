/*
 * Texts that many have at once, such as a descriptor that most regions of a configuration share: each is one piece of
 * memory with a count of those who have it. For one thread at a time.
 */
#ifndef SHMBROKER_SHARED_TEXT_H
#define SHMBROKER_SHARED_TEXT_H

/* `like`, which came from here (or is NULL), once more when it says the same as `text`; else a copy of `text`. NULL: out
   of memory. Each result is released once. */
const char *shared_text_make(const char *like, const char *text);

/* NULL is fine. */
void shared_text_release(const char *shared);

#endif
