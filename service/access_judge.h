/*
 * The judge: what the kernel says when a program asks for access to an object.
 *
 * Pure. It follows the access check as Microsoft documents it: MS-DTYP 2.5.3.2 (the DACL, the owner's rights, the
 * privileges), 2.5.3.3 (integrity), "Restricted Tokens" and "Implementing an AppContainer". In the kernel's order: a label
 * above the program's level first takes away rights for good; then the entries are gone through from the first, each
 * adding what is still missing, until nothing is missing or an entry denies some of it; then the same once more for the
 * restricting SIDs, and for the package, each of which must grant all of it by itself.
 *
 * Left out, because no descriptor of this program's making has them: conditional and object entries, claims, and trust
 * labels. A program in an app container is held to the label like any other, at its low level.
 */
#ifndef SHMBROKER_ACCESS_JUDGE_H
#define SHMBROKER_ACCESS_JUDGE_H

#include "access.h"

/* One group of a token. */
typedef struct access_group {
    const char *sid;
    bool enabled;
    bool deny_only; /* it counts in entries that deny, and in no other */
} access_group;

/* Who asks. SIDs are in the form that the kernel prints. */
typedef struct access_token {
    const char *user;
    bool user_deny_only;
    const access_group *groups;
    size_t group_count;
    const char *const *restricting; /* of a restricted token: these must be let in, too */
    size_t restricting_count;
    bool write_restricted; /* but only for writing */
    const char *package;   /* of a program in an app container, else NULL */
    const char *const *capabilities;
    size_t capability_count;
    bool less_privileged;    /* its app container is not one of ALL APPLICATION PACKAGES */
    uint32_t integrity;      /* ACCESS_LEVEL_… or between */
    bool may_write_up;       /* its mandatory policy is off */
    bool may_take_ownership; /* SeTakeOwnershipPrivilege is enabled */
    bool may_relabel;        /* SeRelabelPrivilege is */
    bool may_see_audit;      /* SeSecurityPrivilege is */
} access_token;

/* Why. Of those that deny, the first that the kernel would meet. */
typedef enum access_reason {
    ACCESS_BY_ENTRIES,         /* granted: `entry` gave the last of it */
    ACCESS_BY_OWNERSHIP,       /* granted: the owner may see and change the descriptor */
    ACCESS_BY_PRIVILEGE,       /* granted: a privilege gave the last of it */
    ACCESS_BY_NULL_DACL,       /* granted: nothing protects the object */
    ACCESS_NOTHING_ASKED,      /* granted: no right is wanted */
    ACCESS_LABEL_TOO_HIGH,     /* denied: the object's label keeps programs of lower integrity out */
    ACCESS_DENIED_BY_ENTRY,    /* denied by `entry` */
    ACCESS_NO_ENTRY,           /* denied: no entry gives what is missing */
    ACCESS_GROUP_IS_DENY_ONLY, /* denied: `entry` would give it, but the token has its SID for denials only */
    ACCESS_GROUP_IS_DISABLED,  /* denied: `entry` would give it, but the token has its SID disabled */
    ACCESS_NOT_RESTRICTED_IN,  /* denied: the restricting SIDs are not let in */
    ACCESS_NO_PACKAGE_ENTRY,   /* denied: no entry lets its package in */
    ACCESS_NO_PRIVILEGE        /* denied: only a privilege gives it, which the token has not */
} access_reason;

#define ACCESS_NOWHERE ((size_t)-1)

typedef struct access_verdict {
    bool granted;
    uint32_t wanted;  /* generic rights mapped */
    uint32_t missing; /* 0 when granted; otherwise what was not given, as far as the check went */
    access_reason reason;
    size_t entry;   /* the deciding one, or ACCESS_NOWHERE */
    size_t reached; /* how many entries were gone through */
} access_verdict;

/* How a token stands to a SID. */
typedef enum access_standing {
    ACCESS_HAS_NOT,   /* it is not in the token */
    ACCESS_HAS,       /* it is */
    ACCESS_DENY_ONLY, /* for denials only */
    ACCESS_DISABLED   /* it is, but does not count */
} access_standing;

access_standing access_token_has(const access_token *token, const char *sid);

/* Whether `sid` stands for the token's app container: its package, a capability, or all packages. */
bool access_package_has(const access_token *token, const char *sid);

/* Decides whether `token` gets `wanted` (exact or generic rights; not MAXIMUM_ALLOWED) on an `object` with
   `descriptor`. */
access_verdict access_judge(const access_descriptor *descriptor, access_object object,
                            const access_token *token, uint32_t wanted);

/* The rights that the object's label leaves to a program of that token: all of them, or some. */
uint32_t access_label_leaves(const access_label *label, access_object object, const access_token *token);

#endif
