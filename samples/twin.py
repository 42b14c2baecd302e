"""The PyTorch half of twin.cs: the same network from the same seed; prints the loss of each of 100 steps."""
import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
x = torch.randn(512, 8)
y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 0).long()
model = torch.nn.Sequential(
    torch.nn.Linear(8, 32), torch.nn.Tanh(),
    torch.nn.Linear(32, 32), torch.nn.ReLU(),
    torch.nn.Linear(32, 3))
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(100):
    batch = torch.randperm(512)[:64]
    optimizer.zero_grad()
    loss = criterion(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.6f}")
