def momentum(params, velocity, lr, mu):
    for name, p in params.items():
        v = mu * velocity[name] + p.grad
        p.data -= lr * v
