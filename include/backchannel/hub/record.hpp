// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_RECORD_HPP
#define BACKCHANNEL_HUB_RECORD_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/hub/mailbox.hpp>
#include <backchannel/hub/slot.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The texts of one connection in one allocation of just their size.
class connection_texts {
public:
    static constexpr std::size_t max_source_ip = 64, max_user_agent = 1024; ///< bytes kept; the rest is cut off

    struct deleter {
        void operator()(connection_texts* t) const noexcept {
            t->~connection_texts();
            ::operator delete(t);
        }
    };
    using pointer = std::unique_ptr<connection_texts, deleter>;

    /// nullptr if there is no memory.
    [[nodiscard]] static pointer make(connection_info const& info, std::string_view id) noexcept {
        std::string_view const ip = std::string_view{info.source_ip}.substr(0, max_source_ip);
        std::string_view const agent = std::string_view{info.user_agent}.substr(0, max_user_agent);
        void* const memory =
            ::operator new(sizeof(connection_texts) + id.size() + ip.size() + agent.size(), std::nothrow);
        if (memory == nullptr) return nullptr;
        pointer made{::new (memory) connection_texts};
        made->expires_at_ = info.expires_at.value_or(time_point::max());
        char* out = made->bytes();
        auto const put = [&](std::string_view text, std::uint16_t& size) {
            if (!text.empty()) std::memcpy(out, text.data(), text.size());
            out += text.size();
            size = static_cast<std::uint16_t>(text.size());
        };
        put(id, made->id_size_);
        put(ip, made->ip_size_);
        put(agent, made->agent_size_);
        return made;
    }

    [[nodiscard]] std::string_view id() const noexcept { return {bytes(), id_size_}; }
    [[nodiscard]] std::string_view source_ip() const noexcept { return {bytes() + id_size_, ip_size_}; }
    [[nodiscard]] std::string_view user_agent() const noexcept {
        return {bytes() + id_size_ + ip_size_, agent_size_};
    }
    [[nodiscard]] time_point expires_at() const noexcept { return expires_at_; }

private:
    connection_texts() noexcept = default;

    [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] char const* bytes() const noexcept { return reinterpret_cast<char const*>(this + 1); }

    time_point expires_at_;
    std::uint16_t id_size_ = 0, ip_size_ = 0, agent_size_ = 0;
};

/// Storage for a handle that exists only while a connection is attached.
template <class Handle>
union handle_storage {
    handle_storage() noexcept {}
    ~handle_storage() {}
    Handle value;
};

/// What a hub keeps of a connection beside its slot.
template <class Transport, class Traits>
struct connection_record {
    using mailbox_type = mailbox<typename Traits::mutex>;
    struct no_mailbox {};
    struct with_mailbox {
        cell<Traits, mailbox_type*> box{nullptr};
    };
    struct no_counters {};
    struct with_counters {
        cell<Traits, std::uint64_t> accepted{0}, written{0}; ///< bytes
    };

    handle_storage<typename Transport::handle> handle;
    connection_texts::pointer texts;
    std::int64_t opened = 0;            ///< steady milliseconds
    wall_time connected_at{};
    std::uint32_t next_free = ~std::uint32_t{0};
    std::uint32_t deadline_position = ~std::uint32_t{0};
    [[no_unique_address]] std::conditional_t<has_dispatch<Transport>, with_mailbox, no_mailbox> mail;
    [[no_unique_address]] std::conditional_t<detail_concepts::reports_written<Transport>, with_counters, no_counters>
        bytes;
};

}

#endif
