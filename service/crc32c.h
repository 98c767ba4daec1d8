/*
 * CRC-32C (Castagnoli): finds torn, damaged and exchanged bytes in what the broker writes to disk.
 *
 * A checksum against accidents. Against people there is the data folder's descriptor: whoever may write there may
 * also write a right sum. It is kept here, as a table and a loop, because a library that is taken for nothing else
 * would be one more package to build, license and patch on every platform, and zlib's sum is of the older, weaker
 * polynomial.
 */
#ifndef SHMBROKER_CRC32C_H
#define SHMBROKER_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The sum of bytes that follow those which gave `crc`; 0 to begin with. Call it from one thread. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
