# Makes the packages on Windows, with WiX 3, from what a 64-bit and a 32-bit preset built (elsewhere: package.sh):
#
#   cmake -D BUILD64=folder -D BUILD32=folder -D OUTPUT=folder [-D VERSION=x.y.z] -P package.cmake
#
# puts shmbroker-VERSION-x64.msi and .zip into OUTPUT, and beside them vcpkg's bill of materials (SPDX) of each library that is
# built in. VERSION is the project's own unless given. WiX's candle and light are looked for on the path and below %WIX%.
#
# With the environment variable SHMBROKER_SIGN_PKCS12 naming a certificate with its key, signtool signs programs and MSI;
# SHMBROKER_SIGN_PASSWORD_FILE names a file with its password, SHMBROKER_SIGN_TIMESTAMP a time stamping service.
cmake_minimum_required(VERSION 3.25)

# run(COMMAND…): ends with its output when it fails.
function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        list(GET ARGV 0 program)
        message(FATAL_ERROR "${program} failed (${result}):\n${output}")
    endif()
endfunction()

# need(VARIABLE program advice): the full path of a program.
function(need variable program advice)
    find_program(${variable} ${program} HINTS "$ENV{WIX}/bin")
    if(NOT ${variable})
        message(FATAL_ERROR "${program} is neither on the path nor below %WIX%: ${advice}")
    endif()
endfunction()

# A UUID made from a text, the same as package.sh makes of it.
function(uuid_of text result)
    string(SHA1 hash "shmbroker:${text}")
    string(REGEX REPLACE "^(........)(....).(...).(...)(............).*" "\\1-\\2-5\\3-a\\4-\\5" uuid "${hash}")
    string(TOUPPER "${uuid}" uuid)
    set(${result} "${uuid}" PARENT_SCOPE)
endfunction()

function(install_component build component prefix)
    run("${CMAKE_COMMAND}" --install "${build}" --component "${component}" --prefix "${prefix}")
endfunction()

# The folder where vcpkg installed the libraries of a build.
function(vcpkg_folder build result)
    load_cache("${build}" READ_WITH_PREFIX cached_ VCPKG_TARGET_TRIPLET VCPKG_INSTALLED_DIR)
    set(${result} "${cached_VCPKG_INSTALLED_DIR}/${cached_VCPKG_TARGET_TRIPLET}" PARENT_SCOPE)
endfunction()

# What the package's programs have built in from elsewhere, in its makers' words, and the bills of materials.
function(write_notices)
    set(text "Shared Memory Broker has these libraries built in. Its own licence is LICENSE.txt.\n")
    vcpkg_folder("${BUILD64}" vcpkg)
    foreach(library IN ITEMS libyaml cjson)
        file(READ "${vcpkg}/share/${library}/copyright" licence)
        string(APPEND text "\n---- ${library} ----\n\n${licence}")
        configure_file("${vcpkg}/share/${library}/vcpkg.spdx.json" "${OUTPUT}/${name}.${library}.spdx.json" COPYONLY)
    endforeach()
    file(WRITE "${stage}/NOTICES.txt" "${text}")
endfunction()

# sign(FILE…): in place, where that is switched on.
function(sign)
    if("$ENV{SHMBROKER_SIGN_PKCS12}" STREQUAL "")
        return()
    endif()
    need(SIGNTOOL signtool "install the Windows SDK, or start from a Visual Studio prompt")
    set(options /fd SHA256 /d "Shared Memory Broker" /f "$ENV{SHMBROKER_SIGN_PKCS12}")
    if(NOT "$ENV{SHMBROKER_SIGN_PASSWORD_FILE}" STREQUAL "")
        file(READ "$ENV{SHMBROKER_SIGN_PASSWORD_FILE}" password)
        list(APPEND options /p "${password}")
    endif()
    if(NOT "$ENV{SHMBROKER_SIGN_TIMESTAMP}" STREQUAL "")
        list(APPEND options /tr "$ENV{SHMBROKER_SIGN_TIMESTAMP}" /td SHA256)
    endif()
    run("${SIGNTOOL}" sign /q ${options} ${ARGV})
endfunction()

function(stage_files)
    file(REMOVE_RECURSE "${work}")
    install_component("${BUILD64}" package "${stage}")
    install_component("${BUILD64}" dll "${stage}")
    install_component("${BUILD32}" dll "${stage}/x86")
    install_component("${BUILD64}" client "${stage}/sdk/x64")
    install_component("${BUILD32}" client "${stage}/sdk/x86")
    file(REMOVE_RECURSE "${stage}/sdk/x64/share" "${stage}/sdk/x86/share")
    file(GLOB_RECURSE recipes "${stage}/examples/CMakeLists.txt")
    file(REMOVE ${recipes})
    write_notices()
    file(GLOB_RECURSE programs "${stage}/*.exe" "${stage}/*.dll")
    sign(${programs})
endfunction()

function(build_zip)
    execute_process(COMMAND "${CMAKE_COMMAND}" -E tar cf "${OUTPUT}/${name}.zip" --format=zip "${name}"
                    WORKING_DIRECTORY "${work}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# ICE38 and ICE43 want a shortcut to belong to one user's profile; this one is everybody's.
function(build_msi)
    uuid_of("product ${VERSION}" product)
    run("${CMAKE_COMMAND}" -D "STAGE=${stage}" -D "NAMED=${here}/shmbroker.wxs" -D "OUTPUT=${work}/files.wxs"
        -P "${here}/harvest.cmake")
    foreach(source IN ITEMS "${here}/shmbroker.wxs" "${work}/files.wxs")
        cmake_path(GET source STEM stem)
        run("${CANDLE}" -nologo -arch x64 "-dVersion=${VERSION}" "-dProductCode=${product}" -out "${work}/${stem}.wixobj" "${source}")
    endforeach()
    run("${LIGHT}" -nologo -spdb -sice:ICE38 -sice:ICE43 -b "${stage}" -b "${here}" -out "${work}/${name}.msi"
        "${work}/shmbroker.wixobj" "${work}/files.wixobj")
    sign("${work}/${name}.msi")
    file(RENAME "${work}/${name}.msi" "${OUTPUT}/${name}.msi")
endfunction()

set(here "${CMAKE_CURRENT_LIST_DIR}")
foreach(folder IN ITEMS BUILD64 BUILD32 OUTPUT)
    cmake_path(ABSOLUTE_PATH ${folder} NORMALIZE)
endforeach()
if(NOT VERSION)
    load_cache("${BUILD64}" READ_WITH_PREFIX cached_ CMAKE_PROJECT_VERSION)
    set(VERSION "${cached_CMAKE_PROJECT_VERSION}")
endif()
set(name "shmbroker-${VERSION}-x64")
set(work "${OUTPUT}/work")
set(stage "${work}/${name}")
set(wix_advice "install WiX Toolset 3.14, which sets %WIX%")
need(CANDLE candle "${wix_advice}")
need(LIGHT light "${wix_advice}")
stage_files()
build_zip()
build_msi()
message("${OUTPUT}/${name}.msi\n${OUTPUT}/${name}.zip")
