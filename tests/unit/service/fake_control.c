/* The control pipe of the machine in memory: one request at a time, which the test puts there. */
#include "fake_platform.h"

#include <string.h>

bool platform_control_open(const char *name, const char *sddl, platform_control **control,
                           platform_failure *failure)
{
    *control = NULL;
    if (!sddl || !strstr(sddl, "D:P("))
        fake_violated("the control pipe is opened without a protected descriptor");
    if (fake_refuses("control-open", failure))
        return false;
    fake.open_controls++;
    text_append(&fake.trace, "control-open %s\n", name);
    *control = (platform_control *)(void *)&fake;
    return true;
}

/* cppcheck-suppress constParameter ; the contract says so */
void platform_control_close(platform_control *control)
{
    if (!control)
        return;
    fake.open_controls--;
    text_append(&fake.trace, "control-close\n");
}

/* cppcheck-suppress constParameter ; the contract says so */
bool platform_control_next(platform_control *control, control_request *request,
                           platform_control_ticket *ticket)
{
    *ticket = 0;
    if (!control || fake.asked.command == 0)
        return false;
    *request = fake.asked;
    *ticket = 1;
    fake.asked.command = 0;
    return true;
}

/* cppcheck-suppress constParameter ; the contract says so */
bool platform_control_may(platform_control *control, platform_control_ticket ticket, const char *sddl,
                          uint32_t right)
{
    if (!control || ticket != 1 || right == 0 || !strstr(sddl, "(A;;0x1;;;BA)"))
        fake_violated("the caller's rights are asked for wrongly");
    return !fake.asked_by_stranger;
}

/* cppcheck-suppress constParameter ; the contract says so */
bool platform_control_may_open(platform_control *control, platform_control_ticket ticket,
                               const platform_section *section, uint32_t right)
{
    if (!control || ticket != 1 || right == 0 || !((const fake_section *)(const void *)section)->held)
        fake_violated("the caller's rights to a section are asked for wrongly");
    return !fake.asked_by_stranger || (fake.stranger_may & right) == right;
}

/* cppcheck-suppress constParameter ; the contract says so */
void platform_control_caller(platform_control *control, platform_control_ticket ticket,
                             char account[PLATFORM_ACCOUNT])
{
    if (!control || ticket != 1)
        fake_violated("nobody is asked for");
    snprintf(account, PLATFORM_ACCOUNT, "MACHINE\\anna");
}

/* cppcheck-suppress constParameter ; the contract says so */
void platform_control_reply(platform_control *control, platform_control_ticket ticket, control_answer *answer)
{
    static control_reply reply;
    const uint8_t *message;
    size_t at = 0, length;
    bool ended = false;
    if (!control || ticket != 1)
        fake_violated("nobody is answered");
    while ((message = control_answer_next(answer, &at, &length)) != NULL) {
        if (ended || !control_reply_read(message, length, &reply))
            fake_violated("an answer is not understood, or goes on behind its end");
        ended = reply.status == CONTROL_DONE;
        if (ended)
            text_append(&fake.answered, "done %u %s\n", (unsigned)reply.code, reply.text);
        else if (reply.kind == CONTROL_KIND_SESSION)
            text_append(&fake.answered, "session %u%s\n", (unsigned)reply.values[CONTROL_SESSION_ID],
                        reply.values[CONTROL_SESSION_FRESH] ? " fresh" : "");
        else
            text_append(&fake.answered, "%u %s%s%s\n", (unsigned)reply.kind, reply.name,
                        *reply.text ? ": " : "", reply.text);
    }
    if (!ended)
        fake_violated("an answer has no end");
    control_answer_free(answer);
}

void *platform_control_wake(const platform_control *control)
{
    (void)control;
    return NULL;
}

bool platform_control_ask(const char *name, uint32_t broker, const control_request *request,
                          bool (*replied)(void *context, const control_reply *reply), void *context,
                          platform_failure *failure)
{
    (void)name;
    (void)broker;
    (void)request;
    (void)replied;
    (void)context;
    failure->code = 2;
    snprintf(failure->text, sizeof failure->text, "there is no control pipe");
    return false;
}

bool platform_asks_person(void)
{
    return false;
}
