/*
 * Fuzzing the data plane's primitives: the input is a program of operations on one of them and of writes over its bytes.
 *
 *   byte 0        which: a lock, a small state, a state, a queue, a stream, a signal
 *   then steps    below 0x80: an operation of that one, and an argument of 2 bytes
 *                 0x80 to 0xBF: a write of 1 to 8 bytes: offset (2 bytes), and the bytes
 *                 from 0xC0 on: a write of 8 bytes at the control word of that number (1 byte)
 */
#define _POSIX_C_SOURCE 200809L /* posix_memalign */
#include "../hostile/plane.h"
#include "wait_alone.h"

#include <stdlib.h>
#include <string.h>

#define MOST_STEPS 400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const uint8_t *at, *end;
} input;

static uint64_t take(input *from, size_t bytes)
{
    uint64_t value = 0;
    size_t left = (size_t)(from->end - from->at);
    bytes = bytes < left ? bytes : left;
    memcpy(&value, from->at, bytes);
    from->at += bytes;
    return value;
}

static void overwrite(const plane *made, plane_part part, size_t offset, size_t bytes, uint64_t value)
{
    size_t size = made->parts[part].size;
    offset %= size;
    memcpy(made->parts[part].bytes + offset, &value, bytes < size - offset ? bytes : size - offset);
}

static plane_operation operation_of(plane_part part, uint8_t step)
{
    unsigned count = 0, chosen = 0;
    for (int i = 0; i < PLANE_OPERATIONS; i++)
        count += plane_part_of((plane_operation)i) == part ? 1 : 0;
    while (plane_part_of((plane_operation)chosen) != part)
        chosen++;
    return (plane_operation)(chosen + step % count);
}

static void run(plane *made, plane_user *user, plane_part part, input *program)
{
    for (unsigned i = 0; i < MOST_STEPS && program->at < program->end; i++) {
        uint8_t step = (uint8_t)take(program, 1);
        if (step < 0x80) {
            uint32_t argument = (uint32_t)take(program, 2);
            plane_operate(user, operation_of(part, step), argument * 0x10001u, argument % 4 == 0 ? 5 : 0);
        } else if (step < 0xC0) {
            size_t offset = (size_t)take(program, 2), bytes = 1 + step % 8;
            overwrite(made, part, offset, bytes, take(program, bytes));
        } else {
            scribble_target target = plane_target(made, part);
            size_t offset = scribble_control_word(&target, (uint32_t)take(program, 1));
            overwrite(made, part, offset, 8, take(program, 8));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static plane_user user;
    plane made = {.lock_place = wait_alone_place(),
                  .room = wait_alone_place(),
                  .ready = wait_alone_place(),
                  .bell = wait_alone_bell()};
    input program = {data, data + size};
    plane_part part = (plane_part)(take(&program, 1) % PLANE_PARTS);
    wait_alone_reset();
    plane_make(&made);
    plane_attach(&user, &made, wait_alone_lives());
    run(&made, &user, part, &program);
    plane_detach(&user);
    plane_free(&made);
    return 0;
}
