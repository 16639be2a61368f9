// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_RECORD_HPP
#define BACKCHANNEL_HUB_RECORD_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/hub/mailbox.hpp>
#include <backchannel/hub/slot.hpp>

#include <backchannel/traits.hpp>

#include <algorithm>
#include <concepts>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The texts of one connection in one allocation of just their size.
class connection_texts {
public:
    // bytes kept; the rest is cut off
    static constexpr std::size_t max_source_ip = 64, max_user_agent = 1024, max_attributes = 1024;

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
        std::size_t attributes = size_of(info.attributes);
        void* const memory =
            ::operator new(sizeof(connection_texts) + id.size() + ip.size() + agent.size() + attributes, std::nothrow);
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
        made->attributes_size_ = static_cast<std::uint16_t>(attributes);
        for (auto const& [name, value] : info.attributes) {
            if (attributes < name.size() + value.size() + overhead) break;
            attributes -= name.size() + value.size() + overhead;
            for (std::string_view const text : {std::string_view{name}, std::string_view{value}}) {
                *out++ = static_cast<char>(text.size() >> 8);
                *out++ = static_cast<char>(text.size() & 0xFF);
                out = std::copy(text.begin(), text.end(), out);
            }
        }
        return made;
    }

    [[nodiscard]] std::string_view id() const noexcept { return {bytes(), id_size_}; }
    [[nodiscard]] std::string_view source_ip() const noexcept { return {bytes() + id_size_, ip_size_}; }
    [[nodiscard]] std::string_view user_agent() const noexcept { return {bytes() + id_size_ + ip_size_, agent_size_}; }
    [[nodiscard]] connection_attributes attributes() const {
        connection_attributes found;
        char const* at = bytes() + id_size_ + ip_size_ + agent_size_;
        auto const take = [&at] {
            auto const byte = [&at](int i) { return static_cast<std::size_t>(static_cast<unsigned char>(at[i])); };
            std::size_t const size = byte(0) << 8 | byte(1);
            std::string text{at + 2, size};
            at += 2 + size;
            return text;
        };
        char const* const end = at + attributes_size_;
        while (at != end) {
            std::string name = take();
            found.emplace_back(std::move(name), take());
        }
        return found;
    }
    [[nodiscard]] time_point expires_at() const noexcept { return expires_at_; }

private:
    static constexpr std::size_t overhead = 4; // two lengths

    /// Bytes of those pairs that are kept.
    [[nodiscard]] static std::size_t size_of(connection_attributes const& all) noexcept {
        std::size_t size = 0;
        for (auto const& [name, value] : all) {
            if (name.size() + value.size() + overhead > max_attributes - size) break;
            size += name.size() + value.size() + overhead;
        }
        return size;
    }

    [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] char const* bytes() const noexcept { return reinterpret_cast<char const*>(this + 1); }

    time_point expires_at_;
    std::uint16_t id_size_ = 0, ip_size_ = 0, agent_size_ = 0, attributes_size_ = 0;
};

/// Storage for a handle that exists only while a connection is attached.
template <class Handle>
union handle_storage {
    handle_storage() noexcept {}
    ~handle_storage() {}
    Handle value;
};

/// Whether the bytes of an id in its slot are what is shown of it.
template <class Traits>
inline constexpr bool shows_plain_ids = std::same_as<typename Traits::ids, plain_ids>;

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

    struct no_id {};
    struct with_id {
        connection_texts::pointer text; ///< never replaced: a session shows it
    };

    handle_storage<typename Transport::handle> handle;
    connection_texts::pointer texts;
    // both may be read of a tombstone while its slot is used again: see `hub_directory::find_tombstone`
    cell<Traits, std::int64_t> opened{0}; ///< steady milliseconds
    cell<Traits, wall_time> connected_at{wall_time{}};
    std::uint32_t next_free = ~std::uint32_t{0};
    std::uint32_t deadline_position = ~std::uint32_t{0};
    [[no_unique_address]] std::conditional_t<shows_plain_ids<Traits>, no_id, with_id> id;
    [[no_unique_address]] std::conditional_t<has_dispatch<Transport>, with_mailbox, no_mailbox> mail;
    [[no_unique_address]] std::conditional_t<detail_concepts::reports_written<Transport>, with_counters, no_counters>
        bytes;
};

}

#endif
