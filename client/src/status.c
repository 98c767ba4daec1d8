/* What the statuses and the version are called. */
#include "shmb.h"

#ifndef SHMBROKER_VERSION
#error "SHMBROKER_VERSION comes from the build: the project's version in quotes"
#endif

const char *shmb_status_text(shmb_status status)
{
    switch (status) {
    case SHMB_OK:
        return "success";
    case SHMB_INVALID_ARGUMENT:
        return "an argument is not valid";
    case SHMB_NO_BROKER:
        return "no shared memory broker is running";
    case SHMB_NOT_DECLARED:
        return "the broker's configuration declares no such region";
    case SHMB_REGION_FAILED:
        return "the region is declared, but the broker could not create it";
    case SHMB_ACCESS_DENIED:
        return "the region's access list does not allow this account that access";
    case SHMB_TIMED_OUT:
        return "the broker or the region was not ready in time";
    case SHMB_BAD_RANGE:
        return "the view is not inside the region, or too large for this process";
    case SHMB_INCOMPATIBLE:
        return "the broker and this library speak different versions";
    case SHMB_UNTRUSTED:
        return "the broker's catalog belongs to an account that is not trusted";
    case SHMB_CORRUPT:
        return "the broker's catalog, or what stands in the region, is damaged";
    case SHMB_NO_MEMORY:
        return "not enough memory or address space";
    case SHMB_SYSTEM_ERROR:
        return "Windows refused an operation";
    case SHMB_OWNER_DIED:
        return "the lock's holder died with it: the data may be half written";
    case SHMB_DEADLOCK:
        return "this thread has the lock already";
    case SHMB_WRONG_KIND:
        return "the region is of another kind";
    case SHMB_TOO_SMALL:
        return "the buffer is smaller than what is to be put into it";
    case SHMB_TOO_LARGE:
        return "the value or message is larger than the region's declaration allows";
    case SHMB_NOT_OWNER:
        return "this thread does not have the lock";
    case SHMB_BUSY:
        return "another program has that part";
    case SHMB_CANNOT_GROW:
        return "the region does not grow, or not so far";
    case SHMB_OVER_BUDGET:
        return "the regions would take more memory than the configuration's commit_budget";
    case SHMB_COMMIT_LIMIT:
        return "the machine cannot promise so much memory";
    case SHMB_STALE:
        return "the region has been replaced or retired since it was attached";
    }
    return "unknown status";
}

const char *shmb_version(void)
{
    return SHMBROKER_VERSION;
}
