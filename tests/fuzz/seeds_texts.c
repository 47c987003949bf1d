/* seeds_texts.c - seeds that people and other programs would type. */
#include "tests/fuzz/seeds.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
/* What fuzz_rpc.c reads so. */
#define AUCTION KEY_A
#define BIDDER KEY_B
#define BID "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define Z85 "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define CSV_HEAD                                                               \
    "auctionid,bid,bidtime_days,bidder,bidder_rating,opening_bid,"             \
    "final_price,item,duration_days\n"

static const struct {
    const char *target, *name, *text;
} seeds[] = {
    {"amount", "cents",
     "\x02"
     "123.45"},
    {"amount", "whole",
     "\x09"
     "18446744073709551615"},
    {"amount", "currency",
     "\x02"
     "EUR"},
    {"address", "place", "tcp://127.0.0.1:8001#" Z85},
    {"address", "place-hex", "tcp://[::1]:1#" KEY_A},
    {"address", "key", Z85},
    {"address", "url", "http://node.example:8000/path"},
    {"address", "url-v6", "https://[::1]:443"},
    {"allowed", "caps", "1" KEY_A " 5 # ann\n" KEY_B "\t\r\n\n"},
    {"allowed", "keys", "0" KEY_B "\n" KEY_A},
    {"answer", "job",
     "{\"result\":{\"template\":\"" KEY_A "\",\"seal\":\"" KEY_A KEY_A
     "00000000000000000000000000000000\",\"target\":\"" KEY_B
     "\",\"chains\":2,\"time_ms\":1}}"},
    {"answer", "verdict",
     "{\"result\":{\"accepted\":[\"" KEY_A "\"],\"stale\":false},"
     "\"error\":null,\"id\":1}"},
    {"answer", "error",
     "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-26,\"message\":\"no\","
     "\"data\":{\"code\":7}},\"id\":1}"},
    {"basic", "login", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
    {"basic", "short", "basic Og=="},
    {"config", "file",
     "f# a comment\ntext = a b # c\nport=80\nany = -5\njson = yes\n"
     "peer = tcp://a#b\npeer = x\r\nnetwork = test\ncache = 2M\nroom = 1k\n"
     "wait = 5s\nprice = 7\n"},
    {"config", "flags",
     "atarget\n--port=80\n--json\n--text\nx\nbid\nplace\n--price\n5\nA\n--\n"
     "-B"},
    {"config", "help", "atarget\nhelp"},
    {"config", "variables",
     "eGAVEL_PEER=a,b,c\nGAVEL_JSON=no\nGAVEL_WAIT=250ms\nHOME=/"},
    {"csv", "two-auctions",
     CSV_HEAD "9000000001,20,0.41,heron,12,20,61,Brass ship's barometer,3\n"
              "9000000001,61,2.99,wren,-3,20,61,Brass ship's barometer,3\r\n"
              "9000000002,5,0.05,wren,3,5,5,\"Box of \"\"type\"\", 12\",3"},
    {"path", "plain", "/api/v1"},
    {"path", "escaped", "/a%2fb/%2e%2e/c?x=1#y"},
    {"path", "absolute", "http://host/.../a//b"},
    {"response", "length",
     "\x03HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
     "Content-Length: 2\r\n\r\n{}"},
    {"response", "chunks",
     "\x01HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"},
    {"response", "interim",
     "\x07HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 401 No\nA: b\n\nto the end"},
    {"response", "head", "\x90HTTP/1.1 204 None\r\nConnection: close\r\n\r\n"},
    {"rpc", "batch",
     "/[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"},"
     "{\"method\":\"getblock\",\"params\":[\"registry\",0,null,1],\"id\":2},"
     "{\"jsonrpc\":\"2.0\",\"method\":\"uptime\"},7]"},
    {"rpc", "blocks",
     "/{\"id\":\"a\",\"method\":\"getblocks\",\"params\":"
     "{\"chain\":\"registry\",\"from\":0,\"count\":3}}"},
    {"rpc", "header",
     "/{\"id\":1,\"method\":\"getblockheader\",\"params\":"
     "{\"chain\":\"registry\",\"height\":0}}"},
    {"rpc", "chains",
     "/{\"id\":1,\"method\":\"getchains\",\"params\":[null,5]}"},
    {"rpc", "mempool",
     "/[{\"id\":1,\"method\":\"getrawmempool\",\"params\":[\"registry\"]},"
     "{\"id\":2,\"method\":\"getmempoolinfo\"},"
     "{\"id\":3,\"method\":\"getpeerinfo\"},{\"id\":4,\"method\":\"help\"}]"},
    {"rpc", "transaction",
     "/[{\"id\":1,\"method\":\"gettransaction\",\"params\":"
     "[\"" AUCTION "\",\"" KEY_D "\"]},"
     "{\"id\":2,\"method\":\"sendrawtransaction\",\"params\":[\"0102\"]},"
     "{\"id\":3,\"method\":\"testtransaction\",\"params\":[\"0102\"]}]"},
    {"rpc", "submit",
     "/[{\"id\":1,\"method\":\"submitblock\",\"params\":[\"01\"]},"
     "{\"id\":2,\"method\":\"submitopen\",\"params\":[\"01\"]},"
     "{\"id\":3,\"method\":\"submitbid\",\"params\":[\"06\",true]},"
     "{\"id\":4,\"method\":\"signwarrant\",\"params\":[\"01\"]}]"},
    {"rpc", "auctions",
     "/{\"id\":1,\"method\":\"listauctions\",\"params\":{\"status\":\"open\","
     "\"auction\":\"" AUCTION "\",\"limit\":2,\"reverse\":true}}"},
    {"rpc", "auction",
     "/[{\"id\":1,\"method\":\"getauction\",\"params\":[\"" AUCTION
     "\",true]},{\"id\":2,\"method\":\"getrawmempool\",\"params\":[\"" AUCTION
     "\"]},{\"id\":3,\"method\":\"getoutcome\",\"params\":[\"" AUCTION "\"]}]"},
    {"rpc", "auction-block",
     "/{\"id\":1,\"method\":\"getblock\",\"params\":[\"" AUCTION
     "\",1,null,1]}"},
    {"rpc", "bids",
     "/[{\"id\":1,\"method\":\"listbids\",\"params\":{\"bidder\":\"" BIDDER
     "\",\"mined\":\"no\",\"from_us\":1,\"to_us\":2000000000000000}},"
     "{\"id\":2,\"method\":\"listbids\",\"params\":{\"auction\":\"" AUCTION
     "\",\"limit\":1}}]"},
    {"rpc", "bid",
     "/[{\"id\":1,\"method\":\"getbid\",\"params\":[\"" BID "\"]},"
     "{\"id\":2,\"method\":\"getproof\",\"params\":{\"auction\":\"" AUCTION
     "\",\"bid\":\"" BID "\"}}]"},
    {"rpc", "outcomes",
     "/{\"id\":1,\"method\":\"listoutcomes\",\"params\":[\"" BIDDER "\"]}"},
    {"rpc", "record",
     "/[{\"id\":1,\"method\":\"getrecord\",\"params\":{\"key\":\"" BIDDER
     "\",\"seller\":false,\"limit\":2}},{\"id\":2,\"method\":\"trybid\","
     "\"params\":[\"" AUCTION "\",\"" BIDDER "\",\"1250\"]}]"},
    {"rpc", "certificate",
     "/[{\"id\":1,\"method\":\"getcert\",\"params\":{\"key\":\"" BIDDER "\"}},"
     "{\"id\":2,\"method\":\"listservices\"}]"},
    {"rpc", "work", "/{\"id\":1,\"method\":\"getwork\",\"params\":[]}"},
    {"rpc", "long-poll", "l{\"id\":1,\"method\":\"getwork\"}"},
    {"rpc", "template",
     "/{\"id\":1,\"method\":\"getworktemplate\",\"params\":{\"longpoll\":"
     "\"0100000000000000000000000000000000000000000000000000000000000000\","
     "\"timeout_ms\":5}}"},
    {"rpc", "seal",
     "/{\"id\":1,\"method\":\"submitwork\",\"params\":[\"" KEY_D
     "\",\"" KEY_D KEY_D "00000000000000000000000000000000\"]}"},
};

void
seeds_of_texts(const char *corpus)
{
    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        seeds_text(corpus, seeds[i].target, seeds[i].name, seeds[i].text);
}
