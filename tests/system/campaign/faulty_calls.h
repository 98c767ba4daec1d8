/*
 * The calls of Windows that the campaign lets go wrong: all that the broker makes sections, catalog, keepers, snapshots
 * and descriptors with.
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

#undef BY_ERROR
#undef CALL
