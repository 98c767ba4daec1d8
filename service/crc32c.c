/* CRC-32C, eight bytes at a time. See crc32c.h. */
#include "crc32c.h"

#include <stdbool.h>

#define POLYNOMIAL 0x82F63B78u /* 0x1EDC6F41, the lowest bit first */
#define LANES      8u

/* tables[0] is a byte's remainder; tables[n] that of a byte with n zero bytes behind it. */
static uint32_t tables[LANES][256];
static bool ready;

static void make_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (unsigned bit = 0; bit < 8; bit++)
            remainder = (remainder >> 1) ^ ((remainder & 1) ? POLYNOMIAL : 0);
        tables[0][byte] = remainder;
    }
    for (unsigned lane = 1; lane < LANES; lane++)
        for (uint32_t byte = 0; byte < 256; byte++)
            tables[lane][byte] = (tables[lane - 1][byte] >> 8) ^ tables[0][tables[lane - 1][byte] & 0xFF];
    ready = true;
}

static uint32_t eight_bytes(uint32_t crc, const uint8_t *at)
{
    uint32_t low =
        crc ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
    return tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^
           tables[4][low >> 24] ^ tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    if (!ready)
        make_tables();
    crc = ~crc;
    for (; length >= LANES; length -= LANES, at += LANES)
        crc = eight_bytes(crc, at);
    for (; length > 0; length--, at++)
        crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 0xFF];
    return ~crc;
}
