"""What is noticed about a loop besides its steps; test_shadow.py has whole loops."""

import copy
import io

import torch

from descent.parity.watch import Watch, gradient_of


def make():
    tensors = {name: torch.ones(2, requires_grad=True) for name in "abcd"}
    return tensors, Watch(dict(tensors))


def take(watch, tensors, step, update=lambda: None):
    changed = watch.begin(step, dict(tensors))
    gradients = [gradient_of(tensor).clone() for tensor in tensors.values()]
    update()
    watch.end(dict(tensors), gradients)
    return changed


def backward(tensors, names="abcd"):
    sum((tensors[name] ** 2).sum() for name in names).backward()


def test_a_quiet_loop():
    tensors, watch = make()
    for step in range(1, 4):
        backward(tensors)
        assert take(watch, tensors, step) == []
        for tensor in tensors.values():
            tensor.grad = None
    assert watch.remarks() == []


def test_steps_and_names_are_counted():
    tensors, watch = make()
    backward(tensors)
    take(watch, tensors, 1)
    for step in (2, 3):
        backward(tensors, "ab")
        tensors["c"].grad = torch.ones(2)
        tensors["d"].grad = None
        backward(tensors, "d")
        take(watch, tensors, step)
    [remark] = watch.remarks()
    names = sorted(remark.partition("gradients of ")[2].partition(" were not")[0].split(" and "))
    assert names == ["a", "b"] and remark.endswith("old and new ones (and in 1 more)")


def test_some_names_of_many():
    _, watch = make()
    watch.note("changed outside", 7, ["a", "b", "c", "d"])
    watch.note("skipped", 8)
    first, second = watch.remarks()
    assert ": a, b and 2 more; the reference took that over" in first
    assert "in step 8," in second


def test_a_gradient_that_is_only_computed_is_not_added():
    tensors, watch = make()
    backward(tensors)
    take(watch, tensors, 1)
    torch.autograd.grad((tensors["a"] ** 2).sum(), tensors["a"])
    for tensor in tensors.values():
        tensor.grad = None
    backward(tensors)
    take(watch, tensors, 2)
    assert watch.remarks() == []


def test_what_changed_between_steps_is_returned():
    tensors, watch = make()
    backward(tensors)
    take(watch, tensors, 1)
    with torch.no_grad():
        tensors["b"] += 1
    tensors["c"] = torch.ones(2, requires_grad=True)
    for tensor in tensors.values():
        tensor.grad = None
    backward(tensors)
    assert take(watch, tensors, 2) == ["b", "c"]


def test_hooks_follow_a_replaced_tensor_and_can_be_removed():
    tensors, watch = make()
    backward(tensors)
    old = tensors["a"]

    def replace():
        tensors["a"] = torch.zeros(2, requires_grad=True)

    watch.begin(1, dict(tensors))
    replace()
    watch.end(tensors, [torch.ones(2)] * 4)
    assert not old._backward_hooks and tensors["a"]._backward_hooks
    watch.close()
    assert not tensors["a"]._backward_hooks and not tensors["b"]._post_accumulate_grad_hooks
    assert watch.remarks() == ["not updated in place: a; new tensors took their place in step 1"]


def test_a_model_with_hooks_can_be_copied_and_saved():
    model = torch.nn.Linear(2, 2)
    Watch(dict(model.named_parameters()))
    copy.deepcopy(model)
    torch.save(model, io.BytesIO())


def test_a_tensor_that_is_no_leaf_has_no_gradient():
    tensor = torch.ones(2, requires_grad=True)
    tensor.grad = torch.ones(2)
    assert gradient_of(tensor) is tensor.grad and gradient_of(tensor * 2) is None
