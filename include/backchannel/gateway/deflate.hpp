// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_DEFLATE_HPP
#define BACKCHANNEL_GATEWAY_DEFLATE_HPP

// No other header includes this one: only who includes it has to link zlib.

#include <backchannel/gateway/compression.hpp>
#include <backchannel/protocol/permessage_deflate.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// How messages are compressed. Values beyond a range count as its nearest end.
///
/// What zlib 1.2.13 allocates, in KiB (1024 bytes), by window bits and `memory_level`:
///
/// | stream that                | 15, 8 | 15, 5 | 12, 5 | 10, 4 | 9, 1 |
/// | -------------------------- | ----- | ----- | ----- | ----- | ---- |
/// | compresses (server's bits) |   262 |   150 |    38 |    18 |    9 |
/// | inflates (client's bits)   |    39 |    39 |    11 |     8 |  7.5 |
///
/// With the takeover of a side, a connection keeps that side's stream from its first compressed message until it ends.
/// Without, it keeps nothing between two messages: received ones are inflated with a stream that lives from the first
/// piece of a message to the last, and sent ones are compressed with streams that all connections share, as many as
/// there are threads that compress at the same time. A connection without compressed messages keeps no stream.
struct deflate_options {
    websocket::deflate_settings parameters{}; ///< what is agreed on with each client
    int level = 6;                            ///< 1 (fast) to 9 (small)
    int memory_level = 8;                     ///< 1 to 9; see the table
    std::size_t min_size = 1024;              ///< bytes; shorter messages are sent as they are, and so are empty ones
};

namespace detail_deflate {

// zlib neither writes to its input nor has a type for saying so.
[[nodiscard]] inline Bytef* zlib_input(std::string_view bytes) noexcept {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

// zlib's memory comes from where all other memory comes from.
[[nodiscard]] inline voidpf allocate(voidpf, uInt items, uInt size) noexcept {
    return ::operator new (std::size_t{items} * size, std::nothrow);
}
inline void release(voidpf, voidpf memory) noexcept { ::operator delete(memory); }

[[nodiscard]] inline z_stream new_stream() noexcept {
    z_stream stream{};
    stream.zalloc = &allocate;
    stream.zfree = &release;
    return stream;
}

// zlib counts in `unsigned`.
inline constexpr std::size_t largest_piece = std::size_t{1} << 30;

// What comes out of zlib goes through the stack: a string grows by what is there and is not filled with zeros first.
using output_buffer = std::array<char, 16 * 1024>;

inline constexpr std::string_view message_tail{"\0\0\xFF\xFF", 4}; // RFC 7692 7.2.1

/// A raw deflate stream that compresses. zlib keeps a pointer to it, so it stays where it is.
class deflater {
public:
    deflater(int window_bits, int level, int memory_level) : window_bits_{window_bits} {
        // with arguments in their ranges it is always the memory
        if (deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc{};
    }
    ~deflater() { deflateEnd(&stream_); }
    deflater(deflater const&) = delete;
    deflater& operator=(deflater const&) = delete;

    [[nodiscard]] int window_bits() const noexcept { return window_bits_; }

    /// Forgets the messages so far.
    void reset() noexcept { deflateReset(&stream_); }

    /// Appends a message, which is not empty: zlib has nothing to flush behind an empty one.
    void compress(std::string_view message, std::string& out) {
        output_buffer buffer;
        while (!message.empty()) {
            std::string_view const piece = message.substr(0, largest_piece);
            message.remove_prefix(piece.size());
            stream_.next_in = zlib_input(piece);
            stream_.avail_in = static_cast<uInt>(piece.size());
            do {
                stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
                stream_.avail_out = static_cast<uInt>(buffer.size());
                ::deflate(&stream_, message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
                out.append(buffer.data(), buffer.size() - stream_.avail_out);
            } while (stream_.avail_out == 0);
        }
        out.resize(out.size() - message_tail.size());
    }

private:
    z_stream stream_ = new_stream();
    int window_bits_;
};

/// Streams that no connection owns, for messages without context takeover. Making one costs more than a short message.
class deflater_pool {
public:
    deflater_pool() { idle_.reserve(capacity); }

    /// An idle stream for this window, or nothing.
    [[nodiscard]] std::unique_ptr<deflater> take(int window_bits) noexcept {
        std::lock_guard const lock{mutex_};
        auto const found = std::find_if(idle_.begin(), idle_.end(), [&](std::unique_ptr<deflater> const& stream) {
            return stream->window_bits() == window_bits;
        });
        if (found == idle_.end()) return nullptr;
        std::swap(*found, idle_.back());
        std::unique_ptr<deflater> taken = std::move(idle_.back());
        idle_.pop_back();
        return taken;
    }

    void give_back(std::unique_ptr<deflater> stream) noexcept {
        stream->reset();
        std::lock_guard const lock{mutex_};
        if (idle_.size() != capacity) idle_.push_back(std::move(stream));
    }

private:
    static constexpr std::size_t capacity = 64;

    std::mutex mutex_;
    std::vector<std::unique_ptr<deflater>> idle_;
};

/// A raw deflate stream that inflates. zlib keeps a pointer to it, so it stays where it is.
class inflater {
public:
    using status = message_codec::status;

    explicit inflater(int window_bits) {
        if (inflateInit2(&stream_, -window_bits) != Z_OK) throw std::bad_alloc{};
    }
    ~inflater() { inflateEnd(&stream_); }
    inflater(inflater const&) = delete;
    inflater& operator=(inflater const&) = delete;

    [[nodiscard]] status feed(std::string_view bytes, std::string& out, std::size_t limit) {
        status result = status::ok;
        while (!bytes.empty() && result == status::ok) {
            std::string_view const piece = bytes.substr(0, largest_piece);
            bytes.remove_prefix(piece.size());
            result = feed_piece(piece, out, limit);
        }
        return result;
    }

    /// The message ends here. RFC 7692 7.2.2.
    [[nodiscard]] status finish(std::string& out, std::size_t limit) {
        status const result = feed_piece(message_tail, out, limit);
        return result == status::ok && !between_blocks_ ? status::broken : result;
    }

private:
    [[nodiscard]] status feed_piece(std::string_view piece, std::string& out, std::size_t limit) {
        output_buffer buffer;
        stream_.next_in = zlib_input(piece);
        stream_.avail_in = static_cast<uInt>(piece.size());
        for (;;) {
            std::size_t const room = std::min(limit - std::min(limit, out.size()), buffer.size());
            stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
            stream_.avail_out = static_cast<uInt>(room);
            int const code = ::inflate(&stream_, Z_SYNC_FLUSH);
            out.append(buffer.data(), room - stream_.avail_out);
            if (code == Z_MEM_ERROR) throw std::bad_alloc{};
            if (code == Z_STREAM_END) {
                // the last block of a stream, but not of the connection: what comes next still refers to the window
                inflateResetKeep(&stream_);
                between_blocks_ = true;
                if (stream_.avail_in == 0) return status::ok;
                continue;
            }
            if (code != Z_OK && code != Z_BUF_ERROR) return status::broken;
            between_blocks_ = stream_.data_type == behind_whole_block;
            // Without room zlib takes what means no more output; what it leaves is beyond the limit. What it holds back
            // beyond the limit keeps it from taking the next piece, and there is always a next one, the tail.
            if (room == 0) return stream_.avail_in == 0 ? status::ok : status::too_large;
            if (stream_.avail_out != 0) return status::ok;
        }
    }

    // z_stream::data_type: no bits of the last byte are left over, the block was not the last one, and it is complete
    static constexpr int behind_whole_block = 128;

    z_stream stream_ = new_stream();
    bool between_blocks_ = false;
};

/// What all connections share.
struct deflate_shared {
    explicit deflate_shared(deflate_options const& chosen) : options{chosen} {}

    deflate_options options;
    deflater_pool pool{};
};

class codec final : public message_codec {
public:
    codec(std::shared_ptr<deflate_shared> shared, websocket::deflate_agreement const& agreed) noexcept
        : shared_{std::move(shared)}, server_window_bits_{agreed.server_window_bits},
          client_window_bits_{std::max(agreed.client_window_bits, smallest_inflated)},
          server_takeover_{agreed.server_context_takeover}, client_takeover_{agreed.client_context_takeover} {}

    status inflate(std::string_view bytes, bool last, std::string& out, std::size_t limit) override {
        if (!inflater_) inflater_ = std::make_unique<inflater>(client_window_bits_);
        status result = inflater_->feed(bytes, out, limit);
        if (last && result == status::ok) result = inflater_->finish(out, limit);
        if (last && !client_takeover_) inflater_.reset();
        return result;
    }

    bool deflate(std::string_view message, std::string& out) override {
        if (message.empty() || message.size() < shared_->options.min_size) return false;
        rollback guard{out, out.size()};
        if (server_takeover_) {
            // Sent even if it has become longer, by a few bytes in 16 KiB: the stream has it in its window.
            if (!deflater_) deflater_ = make_deflater();
            deflater_->compress(message, out);
        } else {
            std::unique_ptr<deflater> stream = shared_->pool.take(server_window_bits_);
            if (!stream) stream = make_deflater();
            stream->compress(message, out);
            shared_->pool.give_back(std::move(stream));
            if (out.size() - guard.size >= message.size()) return false;
        }
        guard.size = out.size();
        return true;
    }

private:
    // Old zlibs that were asked for a window of 2^8 bytes took one of 2^9.
    static constexpr int smallest_inflated = 9;

    struct rollback {
        std::string& out;
        std::size_t size;
        ~rollback() { out.resize(size); }
    };

    [[nodiscard]] std::unique_ptr<deflater> make_deflater() const {
        return std::make_unique<deflater>(server_window_bits_, shared_->options.level, shared_->options.memory_level);
    }

    std::shared_ptr<deflate_shared> shared_;
    std::unique_ptr<inflater> inflater_;
    std::unique_ptr<deflater> deflater_;
    int server_window_bits_, client_window_bits_;
    bool server_takeover_, client_takeover_;
};

}

/// permessage-deflate with zlib. RFC 7692.
///
/// Its codecs may outlive it.
class permessage_deflate final : public message_compression {
public:
    explicit permessage_deflate(deflate_options options = {}) {
        options.level = std::clamp(options.level, 1, 9);
        options.memory_level = std::clamp(options.memory_level, 1, 9);
        shared_ = std::make_shared<detail_deflate::deflate_shared>(options);
    }

    [[nodiscard]] std::optional<agreement> negotiate(std::span<header_view const> headers) const override {
        std::optional<websocket::deflate_agreement> agreed =
            websocket::negotiate_deflate(headers, shared_->options.parameters);
        if (!agreed.has_value()) return std::nullopt;
        auto codec = std::make_unique<detail_deflate::codec>(shared_, *agreed);
        return agreement{std::move(agreed->answer), std::move(codec)};
    }

private:
    std::shared_ptr<detail_deflate::deflate_shared> shared_;
};

}

#endif
