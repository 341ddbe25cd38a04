// go-redis against the server, as it connects by default and in RESP2: pipelines, concurrent callers, pub/sub,
// transactions, SCAN, errors. It ends with the line that tests/clients/run adds up.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

type checks struct{ passed, failed int }

func (c *checks) that(name string, holds bool, detail ...any) {
	if holds {
		c.passed++
		return
	}
	c.failed++
	fmt.Println("FAILED: go-redis:", name, fmt.Sprint(detail...))
}

func (c *checks) equal(name string, got, wanted any) {
	c.that(name, reflect.DeepEqual(got, wanted), fmt.Sprintf("got %.200v, wanted %.200v", got, wanted))
}

func values(ctx context.Context, c *checks, client *redis.Client, protocol int) {
	pong, err := client.Ping(ctx).Result()
	c.that("PING", pong == "PONG" && err == nil, err)
	me, err := client.Do(ctx, "CLIENT", "INFO").Text()
	c.that("name, database, protocol", err == nil && strings.Contains(me, "name=app ") &&
		strings.Contains(me, " db=1 ") && strings.Contains(me, fmt.Sprintf("resp=%d", protocol)), me, err)
	c.that("the library tells its name", strings.Contains(me, "lib-name=go-redis"), me)

	blob := strings.Repeat("\x00\r\n\xff", 1<<18)
	c.equal("SET", client.Set(ctx, "blob", blob, 0).Err(), nil)
	c.that("a megabyte of odd bytes", client.Get(ctx, "blob").Val() == blob)
	c.equal("a missing key", client.Get(ctx, "none").Err(), redis.Nil)
	client.Set(ctx, "soon", "x", 100*time.Second)
	ttl := client.TTL(ctx, "soon").Val()
	c.that("TTL", ttl > 97*time.Second && ttl <= 100*time.Second, ttl)
	c.equal("SET NX", client.SetNX(ctx, "soon", "y", 0).Val(), false)
	c.equal("MGET", client.MGet(ctx, "soon", "none").Val(), []any{"x", nil})
	err = client.Incr(ctx, "soon").Err()
	c.that("a wrong number", err != nil && strings.Contains(err.Error(), "not an integer"), err)
	err = client.Do(ctx, "NOSUCHCOMMAND").Err()
	c.that("an unknown command", err != nil && strings.Contains(err.Error(), "unknown command"), err)
}

func pipeline(ctx context.Context, c *checks, client *redis.Client) {
	var wanted, got []string
	commands, err := client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := 0; i < 2500; i++ {
			key := fmt.Sprintf("p:%d", i)
			pipe.Set(ctx, key, i, 0)
			pipe.Get(ctx, key)
			pipe.Echo(ctx, fmt.Sprintf("e%d", i))
			pipe.Incr(ctx, "count")
			wanted = append(wanted, "OK", fmt.Sprint(i), fmt.Sprintf("e%d", i), fmt.Sprint(i+1))
		}
		return nil
	})
	for _, one := range commands {
		switch command := one.(type) {
		case *redis.IntCmd:
			got = append(got, fmt.Sprint(command.Val()))
		case *redis.StringCmd:
			got = append(got, command.Val())
		case *redis.StatusCmd:
			got = append(got, command.Val())
		}
	}
	c.that("the pipeline went through", err == nil, err)
	c.equal("10,000 replies in order", got, wanted)
}

func crowd(ctx context.Context, c *checks, client *redis.Client) {
	var wait sync.WaitGroup
	wrong := make(chan string, 100*200)
	for n := 0; n < 100; n++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; i < 200; i++ {
				said := fmt.Sprintf("%d:%d", n, i)
				if heard, err := client.Echo(ctx, said).Result(); err != nil || heard != said {
					wrong <- fmt.Sprint(said, heard, err)
				}
			}
		}()
	}
	wait.Wait()
	close(wrong)
	c.that("100 goroutines on one pool", len(wrong) == 0, <-wrong)
}

func transactions(ctx context.Context, c *checks, client *redis.Client) {
	var text *redis.StringCmd
	_, err := client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "t", 1, 0)
		pipe.Incr(ctx, "t")
		text = pipe.Get(ctx, "t")
		return nil
	})
	c.that("EXEC", err == nil && text.Val() == "2", err)
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		client.Set(ctx, "t", "other", 0)
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error { return pipe.Set(ctx, "t", "mine", 0).Err() })
		return err
	}, "t")
	c.that("WATCH", errors.Is(err, redis.TxFailedErr) && client.Get(ctx, "t").Val() == "other", err)
	// Twenty who count up with WATCH: nobody's step is lost.
	client.Del(ctx, "steps")
	var wait sync.WaitGroup
	for n := 0; n < 20; n++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for done := false; !done; {
				done = client.Watch(ctx, func(tx *redis.Tx) error {
					steps, _ := tx.Get(ctx, "steps").Int()
					_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
						return pipe.Set(ctx, "steps", steps+1, 0).Err()
					})
					return err
				}, "steps") == nil
			}
		}()
	}
	wait.Wait()
	c.equal("20 optimistic steps", client.Get(ctx, "steps").Val(), "20")
}

func pubsub(ctx context.Context, c *checks, client *redis.Client) {
	listener := client.Subscribe(ctx, "news")
	_, err := listener.Receive(ctx)
	c.that("SUBSCRIBE", err == nil, err)
	c.that("PSUBSCRIBE", listener.PSubscribe(ctx, "n?ws.*") == nil)
	for {
		message, err := listener.Receive(ctx)
		if err != nil {
			c.that("the second confirmation", false, err)
			return
		}
		if confirmed, is := message.(*redis.Subscription); is && confirmed.Kind == "psubscribe" {
			break
		}
	}
	go func() {
		for i := 0; i < 500; i++ {
			client.Publish(ctx, "news", i)
			client.Publish(ctx, "news.sport", i)
		}
	}()
	var plain, pattern, wanted []string
	late := time.After(20 * time.Second)
	for channel := listener.Channel(); len(plain)+len(pattern) < 1000; {
		select {
		case message := <-channel:
			if message.Pattern == "" {
				plain = append(plain, message.Payload)
			} else {
				pattern = append(pattern, message.Payload)
			}
		case <-late:
			c.that("all messages in time", false)
			return
		}
	}
	for i := 0; i < 500; i++ {
		wanted = append(wanted, fmt.Sprint(i))
	}
	c.equal("messages of a channel", plain, wanted)
	c.equal("messages of a pattern", pattern, wanted)
	c.that("closing", listener.Close() == nil)
}

func scanning(ctx context.Context, c *checks, client *redis.Client) {
	var seen, wanted []string
	for i := 0; i < 3000; i++ {
		wanted = append(wanted, fmt.Sprintf("scan:%d", i))
		client.Set(ctx, wanted[i], i, 0)
	}
	for iterator := client.Scan(ctx, 0, "scan:*", 100).Iterator(); iterator.Next(ctx); {
		seen = append(seen, iterator.Val())
	}
	sort.Strings(seen)
	sort.Strings(wanted)
	c.equal("SCAN: every key once", seen, wanted)
}

func main() {
	ctx, c := context.Background(), &checks{}
	for _, protocol := range []int{3, 2} {
		options := &redis.Options{Addr: "127.0.0.1:" + os.Args[1], ClientName: "app", DB: 1}
		if protocol == 2 {
			options.Protocol = 2
		}
		client := redis.NewClient(options)
		client.FlushAll(ctx)
		values(ctx, c, client, protocol)
		pipeline(ctx, c, client)
		crowd(ctx, c, client)
		transactions(ctx, c, client)
		pubsub(ctx, c, client)
		scanning(ctx, c, client)
		c.that("closing the client", client.Close() == nil)
	}
	fmt.Println("go-redis: checked")
	fmt.Printf("%d passed, %d failed\n", c.passed, c.failed)
	if c.failed > 0 {
		os.Exit(1)
	}
}
