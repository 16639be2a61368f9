// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_MAILBOX_HPP
#define BACKCHANNEL_HUB_MAILBOX_HPP

#include <backchannel/completion.hpp>
#include <backchannel/message.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One thing to be done on a connection's own thread.
struct mail {
    enum class kind : std::uint8_t { send, ping, close, terminate };

    mail* next = nullptr;
    kind what = kind::send;
    std::uint16_t code = 0;      ///< of a close
    std::uint64_t number = 0;    ///< place in its mailbox's history
    shared_message payload{};    ///< message, ping payload or close reason
    completion<delivery> done{}; ///< of a send whose caller waits for the owner's answer
    std::optional<send_terms> terms{};

    /// What it counts against the connection's limit: the bytes, and the node so that empty messages count too.
    [[nodiscard]] std::size_t cost() const noexcept { return payload.data().size() + sizeof(mail); }
};

/// A FIFO of mails.
class mail_list {
public:
    mail_list() noexcept = default;
    mail_list(mail_list&& other) noexcept
        : head_{std::exchange(other.head_, nullptr)}, tail_{std::exchange(other.tail_, nullptr)} {}
    mail_list& operator=(mail_list&&) = delete;
    ~mail_list() {
        while (pop() != nullptr) {}
    }

    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }

    void push(std::unique_ptr<mail> m) noexcept {
        mail* const added = m.release();
        (head_ == nullptr ? head_ : tail_->next) = added;
        tail_ = added;
    }

    [[nodiscard]] std::unique_ptr<mail> pop() noexcept {
        mail* const first = head_;
        if (first != nullptr) head_ = first->next;
        return std::unique_ptr<mail>{first};
    }

private:
    mail* head_ = nullptr;
    mail* tail_ = nullptr;
};

/// What other threads want of a connection, in order. Made when the first of it comes.
template <class Mutex>
struct mailbox {
    Mutex mutex;
    mail_list mails;
    std::uint64_t pushed = 0;     ///< numbers the mails
    std::size_t reserved = 0;     ///< cost of the mails that wait
    std::size_t buffered = 0;     ///< what the Transport held when its thread last looked
    bool scheduled = false;       ///< a task is on its way
    bool draining = false;        ///< the owner is at work; a nested send queues behind
    void* next_in_lane = nullptr; ///< the slot behind this one in its lane
};

}

#endif
