# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# A bad option ends the program with 2 and a message that names it; every bug that can be planted is looked for by a
# test.
foreach(bad IN ITEMS "--colour;red" "--seed;abc" "--schedules;-1" "--schedules" "--plant;nothing" "--seed;1x" "extra")
    execute_process(COMMAND "${PROGRAM}" ${bad} RESULT_VARIABLE status ERROR_VARIABLE message OUTPUT_QUIET)
    list(GET bad 0 name)
    string(FIND "${message}" "${name}" at)
    if(NOT status EQUAL 2 OR at EQUAL -1)
        message(FATAL_ERROR "${bad}: status ${status}, ${message}")
    endif()
endforeach()

string(FIND "${message}" "bugs: ${PLANTS}\n" at)
if(at EQUAL -1)
    message(FATAL_ERROR "the tests look for ${PLANTS}, but ${message}")
endif()
