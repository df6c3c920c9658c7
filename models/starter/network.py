# SPDX-License-Identifier: MIT
"""The network, as Hugging Face's Phi3ForCausalLM computes it: RMSNorm, fused qkv and gate_up,
rotary halves, SwiGLU, no biases, the head tied to the embedding. Weights are one flat vector."""
import math

import torch
import torch.nn.functional as F

import fused

CONTEXT = 1024
EPS = 1e-5
THETA = 10000.0
SIZES = {  # name: hidden, layers, heads, intermediate
    "tiny": (192, 6, 3, 512),
    "small": (256, 6, 4, 704),
    "base": (320, 6, 5, 896),
    "wide": (384, 8, 6, 1024),
    "large": (512, 8, 8, 1408),
}


class Shape:
    def __init__(self, size, rows):
        self.hidden, self.layers, self.heads, self.inner = SIZES[size]
        self.size, self.rows, self.head = size, rows, self.hidden // self.heads
        h, f = self.hidden, self.inner
        self.tensors = {"model.embed_tokens.weight": (rows, h)}
        for i in range(self.layers):
            p = f"model.layers.{i}."
            self.tensors[p + "input_layernorm.weight"] = (h,)
            self.tensors[p + "self_attn.qkv_proj.weight"] = (3 * h, h)
            self.tensors[p + "self_attn.o_proj.weight"] = (h, h)
            self.tensors[p + "post_attention_layernorm.weight"] = (h,)
            self.tensors[p + "mlp.gate_up_proj.weight"] = (2 * f, h)
            self.tensors[p + "mlp.down_proj.weight"] = (h, f)
        self.tensors["model.norm.weight"] = (h,)
        self.count = sum(math.prod(s) for s in self.tensors.values())

    def views(self, flat):
        """flat [count] -> {name: view}"""
        out, at = {}, 0
        for name, s in self.tensors.items():
            out[name] = flat[at:at + math.prod(s)].view(s)
            at += math.prod(s)
        return out

    def start(self, flat, seed):
        """Normal weights; those that write to the residual stream smaller by its depth."""
        g = torch.Generator().manual_seed(seed)
        for name, w in self.views(flat).items():
            if w.dim() == 1:
                w.fill_(1.0)
            else:
                deep = "o_proj" in name or "down_proj" in name
                scale = 0.02 if "embed" in name else w.shape[1] ** -0.5 * 0.6
                w.copy_(torch.randn(w.shape, generator=g) * scale * ((2 * self.layers) ** -0.5 if deep else 1.0))


class Norm(torch.autograd.Function):
    """RMSNorm; saves its input only, so that nothing wide in float32 stays in memory."""
    @staticmethod
    def forward(ctx, x, w):
        r = torch.rsqrt(x.float().square().mean(-1, keepdim=True) + EPS)
        ctx.save_for_backward(x, w, r)
        return x * r.to(x.dtype) * w

    @staticmethod
    def backward(ctx, g):
        x, w, r = ctx.saved_tensors
        n = x * r.to(x.dtype)
        gn = g * w
        dot = (gn * n).float().mean(-1, keepdim=True).to(x.dtype)
        return (gn - n * dot) * r.to(x.dtype), (g * n).float().flatten(0, -2).sum(0).to(w.dtype)


class Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gu):
        g, u = gu.chunk(2, -1)
        ctx.save_for_backward(gu)
        return F.silu(g) * u

    @staticmethod
    def backward(ctx, d):
        gu, = ctx.saved_tensors
        g, u = gu.chunk(2, -1)
        s = torch.sigmoid(g)
        gs = g * s
        return torch.cat((d * u * (s + gs * (1 - s)), d * gs), -1)


class HeadLoss(torch.autograd.Function):
    """Sum of weight * cross entropy of x [n][hidden] against the tied head, some rows at a time,
    gradients at once: the logits of a whole batch never exist."""
    @staticmethod
    def forward(ctx, x, w, target, weight, rows):
        loss, dx, dw = 0.0, torch.empty_like(x), torch.zeros(w.shape, device=w.device)
        for a in range(0, len(x), rows):
            part = x[a:a + rows]
            logits = (part @ w.t()).float()
            p = torch.log_softmax(logits, -1)
            t, k = target[a:a + rows, None], weight[a:a + rows, None]
            loss = loss - (p.gather(1, t) * k).sum()
            p.exp_()
            p.scatter_add_(1, t, torch.full_like(k, -1.0))
            p = (p * k).to(x.dtype)
            dx[a:a + rows] = p @ w
            dw += p.t() @ part
        ctx.save_for_backward(dx, dw.to(w.dtype))
        return loss

    @staticmethod
    def backward(ctx, g):
        dx, dw = ctx.saved_tensors
        return dx * g.to(dx.dtype), dw * g.to(dw.dtype), None, None, None


def rotary(shape, length, device):
    """cos, sin float32 [length][head / 2]"""
    inverse = 1.0 / THETA ** (torch.arange(0, shape.head, 2).float() / shape.head)
    angle = torch.outer(torch.arange(length).float(), inverse).to(device)
    return angle.cos(), angle.sin()


def attention(qkv, cos, sin, heads):
    """qkv [batch][length][3 hidden] -> [batch][length][hidden]"""
    batch, length, _ = qkv.shape
    q, k, v = qkv.view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
    cos, sin = (torch.cat((x, x), -1).to(qkv.dtype) for x in (cos, sin))

    def turn(x):  # [batch][heads][length][head]
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    scores = torch.matmul(turn(q) * q.shape[-1] ** -0.5, turn(k).transpose(-1, -2))
    mask = torch.full((length, length), -1e9, dtype=qkv.dtype, device=qkv.device).triu(1)
    o = torch.matmul(torch.softmax(scores + mask, -1), v)
    return o.transpose(1, 2).reshape(batch, length, -1)


def forward(shape, w, ids, tables):
    """ids [batch][length], tables of rotary() -> [batch][length][hidden] before the head"""
    length = ids.shape[1]
    cos, sin = tables[0][:length], tables[1][:length]
    x = F.embedding(ids, w["model.embed_tokens.weight"])
    fast = fused.fits(x)
    norm = (lambda x, w: fused.Norm.apply(x, w, EPS)) if fast else Norm.apply
    attend, gate = (fused.Attention.apply, fused.Gate.apply) if fast else (attention, Gate.apply)
    for i in range(shape.layers):
        p = f"model.layers.{i}."
        h = norm(x, w[p + "input_layernorm.weight"])
        h = attend(F.linear(h, w[p + "self_attn.qkv_proj.weight"]), cos, sin, shape.heads)
        x = x + F.linear(h, w[p + "self_attn.o_proj.weight"])
        h = norm(x, w[p + "post_attention_layernorm.weight"])
        h = gate(F.linear(h, w[p + "mlp.gate_up_proj.weight"]))
        x = x + F.linear(h, w[p + "mlp.down_proj.weight"])
    return norm(x, w["model.norm.weight"])


def head_loss(x, w, target, weight, rows=512):
    """x [n][hidden] -> sum of weight * cross entropy"""
    return (fused.HeadLoss if fused.fits(x) else HeadLoss).apply(x, w, target, weight, rows)
