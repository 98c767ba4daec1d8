/*
 * The calls of Windows that the campaign lets go wrong: all that the broker makes sections, catalog, keepers, snapshots,
 * descriptors and its control pipe with, and asks for memory, privileges, accounts and who asks. Those whose failure Windows
 * does not know are left out: locks, waits, letting go.
 *
 * CALL(result, name, parameters, arguments, what it returns when it fails)
 */
#define BY_ERROR ((DWORD)GetLastError())

CALL(HANDLE, CreateFileMappingW,
     (HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD protect, DWORD high, DWORD low, LPCWSTR name),
     (file, security, protect, high, low, name), NULL)
CALL(HANDLE, OpenFileMappingW, (DWORD access, BOOL inherit, LPCWSTR name), (access, inherit, name), NULL)
CALL(LPVOID, MapViewOfFile, (HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T bytes),
     (section, access, high, low, bytes), NULL)
CALL(BOOL, FlushViewOfFile, (LPCVOID base, SIZE_T bytes), (base, bytes), FALSE)
CALL(LPVOID, VirtualAlloc, (LPVOID base, SIZE_T bytes, DWORD kind, DWORD protect),
     (base, bytes, kind, protect), NULL)
CALL(SIZE_T, VirtualQuery, (LPCVOID base, PMEMORY_BASIC_INFORMATION info, SIZE_T bytes), (base, info, bytes),
     0)

CALL(HANDLE, CreateFileW,
     (LPCWSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how, DWORD flags,
      HANDLE like),
     (path, access, share, security, how, flags, like), INVALID_HANDLE_VALUE)
CALL(BOOL, ReadFile, (HANDLE file, LPVOID to, DWORD length, LPDWORD got, LPOVERLAPPED how),
     (file, to, length, got, how), FALSE)
CALL(BOOL, WriteFile, (HANDLE file, LPCVOID from, DWORD length, LPDWORD put, LPOVERLAPPED how),
     (file, from, length, put, how), FALSE)
CALL(BOOL, FlushFileBuffers, (HANDLE file), (file), FALSE)
CALL(BOOL, GetFileSizeEx, (HANDLE file, PLARGE_INTEGER size), (file, size), FALSE)
CALL(BOOL, SetFilePointerEx, (HANDLE file, LARGE_INTEGER to, PLARGE_INTEGER at, DWORD from),
     (file, to, at, from), FALSE)
CALL(BOOL, SetEndOfFile, (HANDLE file), (file), FALSE)
CALL(BOOL, GetFileInformationByHandle, (HANDLE file, LPBY_HANDLE_FILE_INFORMATION info), (file, info), FALSE)
CALL(DWORD, GetFinalPathNameByHandleW, (HANDLE file, LPWSTR path, DWORD room, DWORD form),
     (file, path, room, form), 0)
CALL(BOOL, MoveFileExW, (LPCWSTR from, LPCWSTR to, DWORD flags), (from, to, flags), FALSE)
CALL(BOOL, DeleteFileW, (LPCWSTR path), (path), FALSE)
CALL(BOOL, CreateDirectoryW, (LPCWSTR path, LPSECURITY_ATTRIBUTES security), (path, security), FALSE)
CALL(HANDLE, FindFirstFileW, (LPCWSTR pattern, LPWIN32_FIND_DATAW found), (pattern, found),
     INVALID_HANDLE_VALUE)

CALL(HANDLE, CreateMutexW, (LPSECURITY_ATTRIBUTES security, BOOL owned, LPCWSTR name),
     (security, owned, name), NULL)
CALL(HANDLE, CreateEventW, (LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name),
     (security, manual, set, name), NULL)
CALL(BOOL, DuplicateHandle,
     (HANDLE from, HANDLE source, HANDLE to, LPHANDLE copy, DWORD access, BOOL inherit, DWORD flags),
     (from, source, to, copy, access, inherit, flags), FALSE)
CALL(HANDLE, OpenProcess, (DWORD access, BOOL inherit, DWORD id), (access, inherit, id), NULL)
CALL(BOOL, CreateProcessW,
     (LPCWSTR path, LPWSTR line, LPSECURITY_ATTRIBUTES process, LPSECURITY_ATTRIBUTES thread, BOOL inherit,
      DWORD flags, LPVOID environment, LPCWSTR folder, LPSTARTUPINFOW startup, LPPROCESS_INFORMATION started),
     (path, line, process, thread, inherit, flags, environment, folder, startup, started), FALSE)

CALL(DWORD, GetSecurityInfo,
     (HANDLE object, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID *owner, PSID *group, PACL *dacl,
      PACL *sacl, PSECURITY_DESCRIPTOR *whole),
     (object, type, what, owner, group, dacl, sacl, whole), BY_ERROR)
CALL(DWORD, SetSecurityInfo,
     (HANDLE object, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID owner, PSID group, PACL dacl,
      PACL sacl),
     (object, type, what, owner, group, dacl, sacl), BY_ERROR)
CALL(BOOL, GetKernelObjectSecurity,
     (HANDLE object, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR found, DWORD room, LPDWORD needed),
     (object, what, found, room, needed), FALSE)
CALL(BOOL, SetKernelObjectSecurity, (HANDLE object, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR wanted),
     (object, what, wanted), FALSE)
CALL(BOOL, ConvertStringSecurityDescriptorToSecurityDescriptorW,
     (LPCWSTR sddl, DWORD revision, PSECURITY_DESCRIPTOR *made, PULONG size), (sddl, revision, made, size),
     FALSE)
CALL(BOOL, OpenProcessToken, (HANDLE process, DWORD access, PHANDLE token), (process, access, token), FALSE)
CALL(BOOL, GetTokenInformation,
     (HANDLE token, TOKEN_INFORMATION_CLASS what, LPVOID to, DWORD room, PDWORD needed),
     (token, what, to, room, needed), FALSE)
CALL(BOOL, LookupAccountNameW,
     (LPCWSTR machine, LPCWSTR account, PSID sid, LPDWORD room, LPWSTR domain, LPDWORD domain_room,
      PSID_NAME_USE use),
     (machine, account, sid, room, domain, domain_room, use), FALSE)

CALL(BOOL, ConvertSidToStringSidW, (PSID sid, LPWSTR *text), (sid, text), FALSE)
CALL(BOOL, ConvertStringSidToSidW, (LPCWSTR text, PSID *sid), (text, sid), FALSE)
CALL(BOOL, LookupAccountSidW,
     (LPCWSTR machine, PSID sid, LPWSTR account, LPDWORD room, LPWSTR domain, LPDWORD domain_room,
      PSID_NAME_USE use),
     (machine, sid, account, room, domain, domain_room, use), FALSE)
CALL(BOOL, LookupPrivilegeValueW, (LPCWSTR machine, LPCWSTR name, PLUID privilege),
     (machine, name, privilege), FALSE)
CALL(BOOL, AdjustTokenPrivileges,
     (HANDLE token, BOOL all, PTOKEN_PRIVILEGES wanted, DWORD room, PTOKEN_PRIVILEGES before, PDWORD needed),
     (token, all, wanted, room, before, needed), FALSE)
CALL(BOOL, CheckTokenMembership, (HANDLE token, PSID sid, PBOOL is), (token, sid, is), FALSE)

CALL(HANDLE, CreateNamedPipeW,
     (LPCWSTR name, DWORD mode, DWORD kind, DWORD instances, DWORD out, DWORD in, DWORD wait,
      LPSECURITY_ATTRIBUTES security),
     (name, mode, kind, instances, out, in, wait, security), INVALID_HANDLE_VALUE)
CALL(BOOL, ConnectNamedPipe, (HANDLE pipe, LPOVERLAPPED how), (pipe, how), FALSE)
CALL(BOOL, ImpersonateNamedPipeClient, (HANDLE pipe), (pipe), FALSE)
CALL(BOOL, OpenThreadToken, (HANDLE thread, DWORD access, BOOL as_self, PHANDLE token),
     (thread, access, as_self, token), FALSE)
CALL(BOOL, AccessCheck,
     (PSECURITY_DESCRIPTOR of, HANDLE token, DWORD wanted, PGENERIC_MAPPING generic,
      PPRIVILEGE_SET privileges, LPDWORD room, LPDWORD granted, LPBOOL may),
     (of, token, wanted, generic, privileges, room, granted, may), FALSE)
CALL(BOOL, GetOverlappedResult, (HANDLE file, LPOVERLAPPED how, LPDWORD bytes, BOOL wait),
     (file, how, bytes, wait), FALSE)

CALL(HANDLE, FindFirstFileExW,
     (LPCWSTR pattern, FINDEX_INFO_LEVELS level, LPVOID found, FINDEX_SEARCH_OPS how, LPVOID filter,
      DWORD flags),
     (pattern, level, found, how, filter, flags), INVALID_HANDLE_VALUE)
CALL(BOOL, FindNextFileW, (HANDLE search, LPWIN32_FIND_DATAW found), (search, found), FALSE)
CALL(DWORD, GetFileAttributesW, (LPCWSTR path), (path), INVALID_FILE_ATTRIBUTES)
CALL(BOOL, GetFileInformationByHandleEx, (HANDLE file, FILE_INFO_BY_HANDLE_CLASS what, LPVOID to, DWORD room),
     (file, what, to, room), FALSE)
CALL(BOOL, SetFileInformationByHandle,
     (HANDLE file, FILE_INFO_BY_HANDLE_CLASS what, LPVOID from, DWORD length), (file, what, from, length),
     FALSE)
CALL(HANDLE, ReOpenFile, (HANDLE file, DWORD access, DWORD share, DWORD flags), (file, access, share, flags),
     INVALID_HANDLE_VALUE)
CALL(DWORD, GetFullPathNameW, (LPCWSTR path, DWORD room, LPWSTR to, LPWSTR *name), (path, room, to, name), 0)
CALL(DWORD, GetModuleFileNameW, (HMODULE module, LPWSTR path, DWORD room), (module, path, room), 0)

CALL(BOOL, GlobalMemoryStatusEx, (LPMEMORYSTATUSEX status), (status), FALSE)
CALL(BOOL, GetProcessTimes,
     (HANDLE process, LPFILETIME began, LPFILETIME ended, LPFILETIME kernel, LPFILETIME user),
     (process, began, ended, kernel, user), FALSE)
CALL(BOOL, ProcessIdToSessionId, (DWORD process, DWORD *session), (process, session), FALSE)
CALL(HANDLE, CreateThread,
     (LPSECURITY_ATTRIBUTES security, SIZE_T stack, LPTHREAD_START_ROUTINE run, LPVOID with, DWORD flags,
      LPDWORD id),
     (security, stack, run, with, flags, id), NULL)
CALL(BOOL, InitializeProcThreadAttributeList,
     (LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD count, DWORD flags, PSIZE_T bytes),
     (list, count, flags, bytes), FALSE)
CALL(BOOL, UpdateProcThreadAttribute,
     (LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD flags, DWORD_PTR which, PVOID value, SIZE_T bytes,
      PVOID before, PSIZE_T room),
     (list, flags, which, value, bytes, before, room), FALSE)

#undef BY_ERROR
#undef CALL
