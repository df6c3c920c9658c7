# SPDX-License-Identifier: MIT
"""fused.c for autograd, on a CPU with a C compiler, from use() on: train.py asks for it, what measures does not."""
import ctypes
import os
import subprocess
import tempfile

import torch

D, L, Fl = ctypes.c_void_p, ctypes.c_long, ctypes.c_float


C = {}  # dtype: the library


def use(dtype):
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fused.c")
    try:
        with tempfile.TemporaryDirectory() as folder:
            made, library = os.path.join(folder, "fused.o"), os.path.join(folder, "fused.so")
            subprocess.run(["gcc", "-O3", "-march=native", "-ffast-math", "-fPIC", "-c", "-o", made, source]
                           + ["-DFLOAT"] * (dtype == torch.float32), check=True)
            subprocess.run(["gcc", "-shared", "-o", library, made, "-lm"], check=True)  # no fast math at link: it
            c = ctypes.CDLL(library)                                                   # would change all arithmetic
    except (OSError, subprocess.CalledProcessError):
        return
    c.norm_forward.argtypes = [D, D, D, D, L, L, Fl]
    c.norm_backward.argtypes = [D, D, D, D, D, D, L, L]
    c.gate_forward.argtypes = [D, D, L, L]
    c.gate_backward.argtypes = [D, D, D, L, L]
    c.split_heads.argtypes = c.join_heads.argtypes = [D, D, D, D, D, D, L, L, L, L, Fl]
    c.softmax_forward.argtypes = [D, L, L]
    c.softmax_backward.argtypes = [D, D, L, L]
    c.cross_entropy.argtypes = [D, D, D, L, L]
    c.cross_entropy.restype = ctypes.c_double
    C[dtype] = c


def fits(x):
    return x.device.type == "cpu" and x.dtype in C


def p(x):
    assert x.is_contiguous()
    return x.data_ptr()


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, eps):
        h = x.shape[-1]
        y, r = torch.empty_like(x), torch.empty(x.numel() // h)
        C[x.dtype].norm_forward(p(x), p(w), p(y), p(r), len(r), h, eps)
        ctx.save_for_backward(x, w, r)
        return y

    @staticmethod
    def backward(ctx, g):
        x, w, r = ctx.saved_tensors
        g = g.contiguous()
        dx, dw = torch.empty_like(x), torch.zeros(w.shape)
        C[g.dtype].norm_backward(p(x), p(w), p(r), p(g), p(dx), p(dw), len(r), x.shape[-1])
        return dx, dw.to(w.dtype), None


class Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gu):
        f = gu.shape[-1] // 2
        y = gu.new_empty(*gu.shape[:-1], f)
        C[gu.dtype].gate_forward(p(gu), p(y), y.numel() // f, f)
        ctx.save_for_backward(gu)
        return y

    @staticmethod
    def backward(ctx, d):
        gu, = ctx.saved_tensors
        d, out = d.contiguous(), torch.empty_like(gu)
        C[gu.dtype].gate_backward(p(gu), p(d), p(out), d.numel() // d.shape[-1], d.shape[-1])
        return out


class Attention(torch.autograd.Function):
    """qkv [batch][length][3 hidden], cos, sin float32 [length][head / 2] -> [batch][length][hidden]"""
    @staticmethod
    def forward(ctx, qkv, cos, sin, heads):
        b, t, h3 = qkv.shape
        d = h3 // 3 // heads
        q, k, v = (qkv.new_empty(b * heads, t, d) for _ in range(3))
        C[qkv.dtype].split_heads(p(qkv), p(q), p(k), p(v), p(cos), p(sin), b, t, heads, d, d ** -0.5)
        s = torch.bmm(q, k.transpose(1, 2))
        C[qkv.dtype].softmax_forward(p(s), b * heads, t)
        ctx.save_for_backward(q, k, v, s, cos, sin)
        ctx.shape = b, t, heads, d
        return torch.bmm(s, v).view(b, heads, t, d).transpose(1, 2).reshape(b, t, heads * d)

    @staticmethod
    def backward(ctx, g):
        q, k, v, s, cos, sin = ctx.saved_tensors
        b, t, heads, d = ctx.shape
        g = g.view(b, t, heads, d).transpose(1, 2).reshape(b * heads, t, d)
        dv = torch.bmm(s.transpose(1, 2), g)
        ds = torch.bmm(g, v.transpose(1, 2))
        C[g.dtype].softmax_backward(p(s), p(ds), b * heads, t)
        dq, dk = torch.bmm(ds, k), torch.bmm(ds.transpose(1, 2), q)
        out = g.new_empty(b, t, 3 * heads * d)
        C[g.dtype].join_heads(p(dq), p(dk), p(dv), p(out), p(cos), p(sin), b, t, heads, d, d ** -0.5)
        return out, None, None, None


class HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, target, weight, rows):
        loss, dx, dw = 0.0, torch.empty_like(x), torch.zeros(w.shape)
        for a in range(0, len(x), rows):
            part, t, k = x[a:a + rows], target[a:a + rows], weight[a:a + rows]
            logits = part @ w.t()
            loss += C[x.dtype].cross_entropy(p(logits), p(t), p(k), len(t), len(w))
            dx[a:a + rows] = logits @ w
            dw += logits.t() @ part
        ctx.save_for_backward(dx, dw.to(w.dtype))
        return torch.tensor(loss)

    @staticmethod
    def backward(ctx, g):
        dx, dw = ctx.saved_tensors
        return dx, dw, None, None, None
