/* How many handles this process has: each number is asked whether it is one, for Wine's GetProcessHandleCount says 0. */
#ifndef OWN_HANDLES_WIN32_H
#define OWN_HANDLES_WIN32_H

#include <windows.h>

#include <stdint.h>

#define OWN_HANDLES_HIGHEST 0x4000u /* they are multiples of 4, and the lowest free one is given out */

static inline unsigned own_handles(void)
{
    unsigned count = 0;
    DWORD flags;
    for (uint32_t number = 4; number < OWN_HANDLES_HIGHEST; number += 4)
        count += GetHandleInformation(ULongToHandle(number), &flags) != 0;
    return count;
}

#endif
