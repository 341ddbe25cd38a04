"""A small shop whose pages are cached aside: JSON with a life of its own, an empty value for what does not exist, so
that asking for it again and again does not reach the database, and invalidation on writing."""

import json

import flask
import redis

MISSING = ""  # what stands in the cache for a product that the database does not have
LIFE = 3600
LIFE_OF_MISSING = 600


def create(port):
    """The application on the server at this port. `app.queries` counts what reached the database."""
    app = flask.Flask("shop")
    cache = redis.Redis(port=port, decode_responses=True)
    products = {i: {"id": i, "name": f"Gem №{i}", "price": i * 9.95, "tags": ["red", "small"]} for i in range(200)}
    app.queries = 0

    def answer(body, status, source):
        response = flask.jsonify(body)
        response.status_code = status
        response.headers["X-Cache"] = source
        return response

    @app.get("/products/<int:number>")
    def product(number):
        key = f"product:{number}"
        cached = cache.get(key)
        if cached == MISSING:
            return answer({"error": "no such product"}, 404, "empty")
        if cached is not None:
            return answer(json.loads(cached), 200, "hit")
        app.queries += 1
        found = products.get(number)
        if found is None:
            cache.setex(key, LIFE_OF_MISSING, MISSING)
            return answer({"error": "no such product"}, 404, "miss")
        cache.setex(key, LIFE, json.dumps(found))
        return answer(found, 200, "miss")

    @app.put("/products/<int:number>")
    def change(number):
        products[number] = dict(flask.request.get_json(), id=number)
        return answer({"dropped": cache.delete(f"product:{number}")}, 200, "none")

    @app.delete("/products/<int:number>")
    def drop(number):
        gone = products.pop(number, None) is not None
        return answer({"gone": gone, "dropped": cache.unlink(f"product:{number}")}, 200, "none")

    @app.get("/several")
    def several():
        keys = [f"product:{n}" for n in flask.request.args.get("ids", "").split(",") if n]
        found = cache.mget(keys) if keys else []
        return answer([None if not value else json.loads(value)["name"] for value in found], 200, "mget")

    @app.post("/visit/<page>")
    def visit(page):
        with cache.pipeline() as pipe:
            pipe.incr(f"visits:{page}")
            pipe.expire(f"visits:{page}", 3600, nx=True)
            count, fresh = pipe.execute()
        return answer({"count": count, "fresh": fresh, "long": cache.ttl(f"visits:{page}") > 3500}, 200, "none")

    @app.get("/cached")
    def cached():
        return answer(sorted(cache.scan_iter("product:*")), 200, "none")

    @app.get("/life/<int:number>")
    def life(number):
        seconds = cache.ttl(f"product:{number}")
        kind = {-2: "none", -1: "for ever"}.get(seconds, "short" if seconds <= LIFE_OF_MISSING else "long")
        return answer({"life": kind}, 200, "none")

    @app.errorhandler(redis.RedisError)
    def broken(error):
        return answer({"error": str(error)}, 500, "none")

    return app
