# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# The generator gives the same bytes from other directories, in other locales and with another hash seed.
file(REMOVE_RECURSE "${SCRATCH}")
foreach(run IN ITEMS "C;0" "en_US.UTF-8;1" "tr_TR.UTF-8;2")
    list(GET run 0 locale)
    list(GET run 1 seed)
    file(MAKE_DIRECTORY "${SCRATCH}/${seed}/elsewhere")
    execute_process(
        COMMAND "${CMAKE_COMMAND}" -E env "LC_ALL=${locale}" PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 "PYTHONHASHSEED=${seed}"
                "${PYTHON}" "${SCRIPT}" --output "${SCRATCH}/${seed}/out"
        WORKING_DIRECTORY "${SCRATCH}/${seed}/elsewhere"
        RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "amalgamate.py failed with locale ${locale}")
    endif()
    execute_process(COMMAND "${PYTHON}" "${SCRIPT}" --check --output "${SCRATCH}/0/out"
                    WORKING_DIRECTORY "${SCRATCH}/${seed}/out" RESULT_VARIABLE failed)
    file(GLOB files RELATIVE "${SCRATCH}/${seed}/out" "${SCRATCH}/${seed}/out/*")
    foreach(name IN LISTS files)
        execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${SCRATCH}/0/out/${name}"
                                "${SCRATCH}/${seed}/out/${name}" RESULT_VARIABLE different)
        if(different OR failed)
            message(FATAL_ERROR "${name} differs with locale ${locale}")
        endif()
    endforeach()
endforeach()
