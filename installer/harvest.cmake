# Lists the staged files that shmbroker.wxs does not name, as components in three groups: BrokerFiles (beside the
# program), DocsFiles (docs, examples), SdkFiles (sdk).
#
#   cmake -D STAGE=folder -D NAMED=shmbroker.wxs -D OUTPUT=files.wxs -P harvest.cmake
#
# Identifiers and GUIDs come from paths alone: the same files give the same text, and a file is the same component in every
# version.
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE files RELATIVE "${STAGE}" "${STAGE}/*")
list(SORT files)
file(READ "${NAMED}" named)

# INSTALLDIR itself, or an identifier for a folder below it.
function(directory_id folder result)
    if(folder STREQUAL "")
        set(${result} INSTALLDIR PARENT_SCOPE)
        return()
    endif()
    string(SHA1 hash "${folder}")
    string(SUBSTRING "${hash}" 0 16 hash)
    set(${result} "d${hash}" PARENT_SCOPE)
endfunction()

# Each folder once, below its parent.
set(folders "")
foreach(file IN LISTS files)
    cmake_path(GET file PARENT_PATH folder)
    while(NOT folder STREQUAL "")
        list(APPEND folders "${folder}")
        cmake_path(GET folder PARENT_PATH folder)
    endwhile()
endforeach()
list(REMOVE_DUPLICATES folders)
list(SORT folders)

set(text "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Wix xmlns=\"http://schemas.microsoft.com/wix/2006/wi\">\n")
foreach(folder IN LISTS folders)
    cmake_path(GET folder PARENT_PATH parent)
    cmake_path(GET folder FILENAME name)
    directory_id("${folder}" id)
    directory_id("${parent}" parent_id)
    string(APPEND text "<Fragment><DirectoryRef Id=\"${parent_id}\"><Directory Id=\"${id}\" Name=\"${name}\"/></DirectoryRef></Fragment>\n")
endforeach()

foreach(file IN LISTS files)
    string(FIND "${named}" "Source=\"${file}\"" already)
    if(NOT already EQUAL -1)
        continue()
    endif()
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(GET file FILENAME name)
    directory_id("${folder}" folder_id)
    string(SHA1 hash "${file}")
    string(SUBSTRING "${hash}" 0 16 hash)
    string(UUID guid NAMESPACE 72DC7C35-0C6B-4E4B-9C0F-5D2A3F8B61E4 NAME "${file}" TYPE SHA1 UPPER)
    string(APPEND text "<Fragment><DirectoryRef Id=\"${folder_id}\"><Component Id=\"c${hash}\" Guid=\"${guid}\" Win64=\"yes\">"
                       "<File Id=\"f${hash}\" Name=\"${name}\" Source=\"${file}\" KeyPath=\"yes\"/>"
                       "</Component></DirectoryRef></Fragment>\n")
    if(folder MATCHES "^sdk")
        list(APPEND sdk "c${hash}")
    elseif(folder MATCHES "^(docs|examples)")
        list(APPEND docs "c${hash}")
    else()
        list(APPEND broker "c${hash}")
    endif()
endforeach()

foreach(group IN ITEMS Broker Docs Sdk)
    string(TOLOWER "${group}" list)
    string(APPEND text "<Fragment><ComponentGroup Id=\"${group}Files\">\n")
    foreach(component IN LISTS ${list})
        string(APPEND text "<ComponentRef Id=\"${component}\"/>\n")
    endforeach()
    string(APPEND text "</ComponentGroup></Fragment>\n")
endforeach()
string(APPEND text "</Wix>\n")
file(WRITE "${OUTPUT}" "${text}")
