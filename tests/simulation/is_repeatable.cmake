# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# The same seed gives the same run, to the letter, in another process; another seed gives another one.
function(simulate seed out)
    execute_process(COMMAND "${PROGRAM}" --seed ${seed} --schedules 40 --trace 100000 OUTPUT_VARIABLE text
                    RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "the simulation ended with ${failed}")
    endif()
    string(SHA256 digest "${text}")
    string(REGEX MATCH "trace ([0-9a-f]+)\n$" trace "${text}")
    if(trace STREQUAL "")
        message(FATAL_ERROR "no hash is printed")
    endif()
    set(${out} "${digest} ${trace}" PARENT_SCOPE)
endfunction()

simulate(1 first)
simulate(1 again)
simulate(1000000 another)
if(NOT first STREQUAL again)
    message(FATAL_ERROR "one seed, two runs: ${first} and ${again}")
endif()
if(first STREQUAL another)
    message(FATAL_ERROR "two seeds, one run")
endif()
