# ruff: noqa: B905  # as people write
"""Rules on lists of leaves with gradients in `.grad`, as in Dive into Deep Learning."""

import torch


def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


def sgd_without_dividing(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad
            param.grad.zero_()


def sgd_of_data(params, eta):
    for p in params:
        p.data = p.data - eta * p.grad.data


def sgd_that_torch_refuses(params, lr):
    for p in params:
        p -= lr * p.grad


def sgd_step(p, lr, **kwargs):
    p.data.add_(p.grad.data, alpha=-lr)
    return p


def init_momentum_states(feature_dim):
    return torch.zeros((feature_dim, 1)), torch.zeros(1)


def sgd_momentum(params, states, hyperparams):
    for p, v in zip(params, states):
        with torch.no_grad():
            v[:] = hyperparams["momentum"] * v + p.grad
            p[:] -= hyperparams["lr"] * v
        p.grad.zero_()


def momentum_with_data(params, states, hyperparams):
    for p, v in zip(params, states):
        v.data = hyperparams["momentum"] * v.data + hyperparams["lr"] * p.grad.data
        p.data -= v.data


def momentum_of_the_old_velocity(params, states, hyperparams):
    for p, v in zip(params, states):
        with torch.no_grad():
            p[:] -= hyperparams["lr"] * v
            v[:] = hyperparams["momentum"] * v + p.grad


def rmsprop(params, states, hyperparams):
    gamma, eps = hyperparams["gamma"], 1e-6
    for p, s in zip(params, states):
        with torch.no_grad():
            s[:] = gamma * s + (1 - gamma) * torch.square(p.grad)
            p[:] -= hyperparams["lr"] * p.grad / (torch.sqrt(s) + eps)
        p.grad.data.zero_()


def init_adam_states(feature_dim):
    v_w, v_b = torch.zeros((feature_dim, 1)), torch.zeros(1)
    s_w, s_b = torch.zeros((feature_dim, 1)), torch.zeros(1)
    return (v_w, s_w), (v_b, s_b)


def adam(params, states, hyperparams):
    beta1, beta2, eps = 0.9, 0.999, 1e-6
    for p, (v, s) in zip(params, states):
        with torch.no_grad():
            v[:] = beta1 * v + (1 - beta1) * p.grad
            s[:] = beta2 * s + (1 - beta2) * torch.square(p.grad)
            unbiased_v = v / (1 - beta1 ** hyperparams["t"])
            unbiased_s = s / (1 - beta2 ** hyperparams["t"])
            p[:] -= hyperparams["lr"] * unbiased_v / (torch.sqrt(unbiased_s) + eps)
        p.grad.data.zero_()
    hyperparams["t"] += 1


def adam_that_does_not_count(params, states, hyperparams):
    t = hyperparams["t"]
    adam(params, states, hyperparams)
    hyperparams["t"] = t


def functional_momentum(params, grads, states, hyperparams):
    for i in range(len(params)):
        states[i] = hyperparams["momentum"] * states[i] + grads[i]
        params[i] = params[i] - hyperparams["lr"] * states[i]
    return params[0], params[1]


def adagrad(params, lr, eps=1e-10, cache=[]):  # noqa: B006  # as people write
    for i, p in enumerate(params):
        if len(cache) <= i:
            cache.append(torch.zeros_like(p))
        cache[i] = cache[i] + p.grad**2
        p.data -= lr * p.grad / (cache[i].sqrt() + eps)


def momentum_in_an_attribute(params, lr, momentum):
    if not hasattr(momentum_in_an_attribute, "v"):
        momentum_in_an_attribute.v = [torch.zeros_like(p) for p in params]
    for p, v in zip(params, momentum_in_an_attribute.v):
        v.mul_(momentum).add_(p.grad)
        p.data.sub_(lr * v)


def momentum_in_a_new_global(params, lr, momentum):
    global made_later
    try:
        made_later = [momentum * v + p.grad for p, v in zip(params, made_later)]
    except NameError:
        made_later = [p.grad.clone() for p in params]
    for p, v in zip(params, made_later):
        p.data.sub_(lr * v)


def stepper(p, lr, grad_avg, **kwargs):
    p.data.add_(grad_avg, alpha=-lr)
    return p


def two_layers(params, lr):
    w1, b1, w2, b2 = params[:4]
    for p in (w1, b1, w2, b2):
        p.data -= lr * p.grad


def with_its_own_loss(params, loss, lr):
    loss.backward()


def with_a_mistake(params, lr):
    for p in params:
        p.data -= lr * p.gradient


def in_float32(params, grads, lr):
    return [(p - lr * g).float() for p, g in zip(params, grads)]


def by_greek_letters(params, grads, velocity, η, β):
    velocity = [β * v + g for v, g in zip(velocity, grads)]
    return [p - η * v for p, v in zip(params, velocity)], velocity


def canonical(parameters, gradients, state, *, lr):
    for p, g in zip(parameters, gradients):
        p.sub_(lr * g)


def canonical_without_effect(parameters, gradients, state, *, lr):
    for p, g in zip(parameters, gradients):
        p = p - lr * g


def either(params, grads, state, lr):
    for p, g in zip(params, grads):
        p.sub_(lr * g)
    return [p.clone() for p in params], state


@torch.no_grad()
def lost_tensors(params, lr):
    for i in range(len(params)):
        params[i] = params[i] - lr * params[i].grad


def returned_state(params, grads, state, lr, momentum):
    """Changes parameters in place and returns its state, which a canonical rule does not."""
    state = {i: momentum * state.get(i, 0) + g for i, g in enumerate(grads)}
    for i, p in enumerate(params):
        p.sub_(lr * state[i])
    return params, state


def with_a_norm(params, grads, velocities, lr, mu):
    for p, g, v in zip(params, grads, velocities):
        v.mul_(mu).add_(g)
        p.sub_(lr * v)
    return params, sum(float(g.norm()) for g in grads)


def scale_by_momentum(momentum):
    """Returns what another function is to scale by -lr."""

    def init(params):
        return [torch.zeros_like(p) for p in params]

    def update(grads, state):
        state = [momentum * v + g for v, g in zip(state, grads)]
        return [-v for v in state], state

    return init, update


def sgd_of_a_model(model, lr):
    with torch.no_grad():
        for p in model.parameters():
            p -= lr * p.grad


def adam_with_arguments(parameters, vs, sqrs, lr, t, beta1=0.9, beta2=0.999, eps=1e-8):
    for p, v, sqr in zip(parameters, vs, sqrs):
        v[:] = beta1 * v + (1 - beta1) * p.grad.data
        sqr[:] = beta2 * sqr + (1 - beta2) * p.grad.data**2
        v_hat, s_hat = v / (1 - beta1**t), sqr / (1 - beta2**t)
        p.data = p.data - lr * v_hat / (torch.sqrt(s_hat) + eps)


def closure(params, lr):
    def step():
        for p in params:
            p.data -= lr * p.grad

    return step


def linear_regression(w, b, dw, db, lr):
    return w - lr * dw, b - lr * db


def last_left_out(params, grads, velocities, lr, mu):
    for i in range(len(params) - 1):
        velocities[i] = mu * velocities[i] + grads[i]
        params[i] -= lr * velocities[i]
